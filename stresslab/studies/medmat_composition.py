"""Study 41: whether parts seen apart are put together, beyond what more data would give."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.errors import ParamError
from stresslab.gaps.composition import (
    DIRECTIONS,
    Composition,
    check_related,
    compositions,
    unrelated,
)
from stresslab.rng import rng_for
from stresslab.stats.intervals import from_moments, wilson
from stresslab.studies import _read
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._medmat_world import CELLS, QUESTIONS, SHAPES, TEXTURES, learned
from stresslab.studies._record import record

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK, N_TRAINED, CHANCE = "unseen combinations", (20, 80, 320), 0.5
MODELS = ("trained on its parts", "as much other data")
WORDS = {
    "fixed first": "fixed texture", "fixed second": "fixed shape", "fixed third": "fixed question",
    "paired": "texture with shape",
}  # fmt: skip
PRINTED = {
    "fixed modality": (13, 14), "fixed area": (3, 4), "fixed task": (10, 12),
    "paired modality and area": (11, 13),
}  # fmt: skip
"""Combinations that helped, and combinations, by direction, as printed."""

ROWS = {
    "X-ray Brain": (49, 49, 91), "CT COVID": (47, 46, 72), "Bones State, first pair": (49, 53, 51),
    "Bones State, another pair": (49, 53, 72), "CT Cancer": (33, 28, 28),
}  # fmt: skip
"""Baseline, baseline with other data, trained on its parts: percent, as printed."""


def helps(trained: float, baseline: float, more: float | None) -> bool:
    """Return whether the parts help: strictly more than both baselines."""
    return trained > max(baseline, -np.inf if more is None else more)


def sign_test(helped: int, n: int) -> float:
    """Return the two-sided p value of so many of `n` if helping were a coin."""
    from scipy.stats import binomtest

    return float(binomtest(helped, n).pvalue)


def chosen(n_each: int) -> list[Composition]:
    """Return `n_each` compositions of every direction, each with another target, seeded."""
    found = []
    for direction in DIRECTIONS:
        every = compositions(CELLS, direction)
        order = rng_for("medmat", "choice", direction).permutation(len(every))
        seen: set[Any] = set()
        for place in order:
            one = every[place]
            if one.target not in seen and len(seen) < n_each:
                seen.add(one.target)
                found.append(one)
    return found


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Train a net on parts of a combination, and on as much other data; ask what it never saw."""
    import pandas as pd

    picked = chosen(12 if scale == "full" else 2)
    sizes = N_TRAINED if scale == "full" else N_TRAINED[:2]
    for model in MODELS:
        frames = []
        for number, one in enumerate(picked):
            for tier, n in enumerate(sizes, start=1):
                frames.append(_asked(one, number, tier, n, model))
        record(
            workspace, pd.concat(frames), model=model, task=TASK,
            of_variant=("direction", "n_trained"),
            settings={"study": "medmat", "compositions": len(picked), "sizes": list(sizes)},
            model_info={"family": "net of 64 units"},
        )  # fmt: skip
        yield f"{model}: {len(picked)} combinations at {', '.join(map(str, sizes))} items"


def _asked(one: Composition, number: int, tier: int, n: int, model: str) -> "pd.DataFrame":
    import pandas as pd

    check_related(one.target, one.related)
    sources = list(one.related)
    if model == MODELS[1]:
        other = unrelated(CELLS, one.target)
        picks = rng_for("medmat", "other", *one.target).permutation(len(other))[:2]
        sources = [other[pick] for pick in picks]
    answers, right = learned(sources, n, one.target, f"{model} {number}")
    name = " ".join(one.target)
    return pd.DataFrame(
        {
            "item": [f"{number:02d} {name} {n} {k:03d}" for k in range(len(right))],
            "domain": WORDS[one.direction], "group": f"{number:02d} {name}", "axis": "graded",
            "perturbation": "less data", "tier": len(N_TRAINED) + 1 - tier, "strength": float(n),
            "unit": "training items", "reference": right.astype(str), "answer": answers.astype(str),
            "correct": (answers == right).astype(int), "direction": WORDS[one.direction],
            "n_trained": n,
        }
    )  # fmt: skip


def find(workspace: "Workspace") -> Found:
    """Return how often the parts help, by direction and amount, beside the printed counts."""
    import pandas as pd

    cells = _cells(workspace)
    most = cells["n_trained"].max()
    table = pd.DataFrame(_shares(cells[cells["n_trained"] == most]))
    gains = cells.assign(value=cells["trained"] - cells["more"], x=cells["n_trained"])
    curve = pd.DataFrame([_mean_gain(key, mine) for key, mine in
                          gains.groupby(["x", "direction"], sort=True)])  # fmt: skip
    printed = pd.DataFrame([_share(name, *counts, published=True) for name, counts in
                            PRINTED.items()])  # fmt: skip
    total = table.iloc[-1]
    verdict = "composes" if total["low"] > 0.5 else "extra data would do as well"
    if total["mean_trained"] <= CHANCE + 0.02:
        verdict = "fails"
    return Found(
        tables={"shares": table, "gains": curve,
                "printed_shares": printed, "combinations": gains,
                "printed_accuracies": _printed_rows()},
        verdict=verdict, sentences=_sentences(table, most),
    )  # fmt: skip


def _mean_gain(key: Any, mine: "pd.DataFrame") -> dict[str, Any]:
    """Return the mean gain of combinations of one direction and amount, by Student's t."""
    n, values = len(mine), mine["value"].to_numpy(float)
    found = from_moments(values.sum(), n, n, (values**2).sum(), values.sum(), n, bounds=(-1, 1))
    ends = {name: float(getattr(found, name)) for name in ("value", "low", "high")}
    return {"x": key[0], "model": key[1], **ends, "n": n}


def _printed_rows() -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        [{"row": name, "baseline": one, "other data": two, "its parts": three,
          "helps": helps(three, one, two)} for name, (one, two, three) in ROWS.items()]
    )  # fmt: skip


def _cells(workspace: "Workspace") -> "pd.DataFrame":
    """Return one row per combination and amount: share right of both nets on the same items."""
    pairs = _read.pairs(workspace, TASK, MODELS, by=("domain", "tier", "variant.n_trained"))
    groups = pairs.groups.rename(columns={"domain": "direction", "variant.n_trained": "n_trained"})
    key = pairs.group * (int(pairs.cluster.max()) + 1) + pairs.cluster
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    n = np.bincount(place)
    sums = [np.bincount(place, weights=pairs.values[:, column]) / n for column in (0, 1)]
    found = groups.iloc[pairs.group[first]].reset_index(drop=True)
    return found.assign(trained=sums[0], more=sums[1], n=n)


def _shares(cells: "pd.DataFrame") -> list[dict[str, Any]]:
    rows = []
    for direction in [*dict.fromkeys(cells["direction"]), "all"]:
        mine = cells if direction == "all" else cells[cells["direction"] == direction]
        helped = [helps(a, CHANCE, b) for a, b in zip(mine["trained"], mine["more"], strict=True)]
        rows.append(
            _share(direction, int(sum(helped)), len(mine))
            | {"mean_trained": float(mine["trained"].mean()),
               "mean_other": float(mine["more"].mean())}
        )  # fmt: skip
    return rows


def _share(label: str, helped: int, n: int, published: bool = False) -> dict[str, Any]:
    found = wilson(helped, n)
    return {
        "label": label, "value": float(found.value), "low": float(found.low),
        "high": float(found.high), "n": n, "helped": helped, "p_sign": sign_test(helped, n),
        "published": published,
    }  # fmt: skip


def _sentences(table: "pd.DataFrame", most: int) -> tuple[str, ...]:
    total = table.iloc[-1]
    helped, n = (sum(row[place] for row in PRINTED.values()) for place in (0, 1))
    return (
        f"A net trained on the parts of an unseen combination beats as much other data in "
        f"{total['helped']} of {total['n']} cases ({total['value']:.2f} [{total['low']:.2f}, "
        f"{total['high']:.2f}]) at {most} training items: {total['mean_trained']:.2f} right on "
        f"average against {total['mean_other']:.2f}.",
        f"The paper prints {helped} of {n}.",
        "Combinations that share data sets are not independent, so these intervals are too narrow.",
    )


def _simulated() -> list[float]:
    """Return gains of the closed form: a quarter for both looks, two fifths for the question."""

    def score(target: Any, related: Any) -> float:
        looks = any(one[0] == target[0] for one in related) and any(
            one[1] == target[1] for one in related
        )
        asked = any(one[2] == target[2] for one in related)
        return 0.25 + 0.25 * looks + 0.4 * asked

    found = compositions(CELLS)
    return sorted({round(score(one.target, one.related) - 0.25, 12) for one in found})


def _only_pair() -> list[float]:
    """Return how many ways the example can be composed, and whether by the first two."""
    cells = [("CT", "Lung", "COVID"), ("CT", "Brain", "Cancer"), ("CT", "Lung", "Cancer")]
    found = [one for one in compositions(cells, "fixed first") if one.target == cells[2]]
    return [len(found), float(set(found[0].related) == set(cells[:2]))]


def _refused() -> float:
    try:
        check_related(CELLS[0], CELLS[:2])
    except ParamError:
        return 1.0
    return 0.0


PIECE = Study(
    title="Unseen combinations",
    question="Are parts that were seen apart put together, beyond what more data would give?",
    paper="On the Compositional Generalization of Multimodal LLMs for Medical Imaging",
    number=41,
    family="transfer",
    build=build,
    find=find,
    verdicts=("composes", "extra data would do as well", "fails"),
    known_answers=(
        KnownAnswer("the example target has one pair of parts, the first two", (1, 1), _only_pair),
        KnownAnswer(
            "37 of 43 that help: p of the sign test",
            1.636e-6,
            lambda: sign_test(37, 43),
            5e-10,
            "rounded",
        ),
        KnownAnswer(
            "the printed directions add up to 37 of 43",
            (37, 43),
            lambda: np.sum(list(PRINTED.values()), axis=0),
        ),
        KnownAnswer("without noise every composition gains .65", (0.65,), _simulated),
        KnownAnswer(
            "the printed rows: three help, Bones State with its first pair and CT Cancer do not",
            (1, 1, 0, 1, 0),
            lambda: _printed_rows()["helps"].astype(float).tolist(),
        ),
        KnownAnswer("a tie with other data does not help", 0, lambda: float(helps(0.7, 0.5, 0.7))),
        KnownAnswer("a target among its own parts is refused", 1, _refused),
    ),
    published=tuple(
        Published(f"{name}: {label}", value, {"row": name, "column": label})
        for name, row in ROWS.items()
        for label, value in zip(("baseline", "other data", "its parts"), row, strict=True)
    ),
    pictures=(
        Picture(
            "dots",
            "medmat_composition",
            "Share of combinations that are helped, by direction",
            {
                "x_title": "share of combinations helped",
                "bounds": (0.0, 1.0),
                "lines": ((0.5, "a coin"),),
            },
        ),
        Picture(
            "lines",
            "gains",
            "Gain over other data against the number of training items",
            {
                "x_title": "training items",
                "y_title": "gain over as much other data",
                "log_x": True,
                "lines": ((0.0, "none"),),
            },
            "How much data does it take?",
        ),
        Picture(
            "dots",
            "printed_shares",
            "Printed share of combinations that were helped",
            {
                "x_title": "share of combinations helped (printed)",
                "bounds": (0.0, 1.0),
                "lines": ((0.5, "a coin"),),
            },
            "What the paper printed",
        ),
    ),
    looks=(Look("tier_curve", {"task": TASK, "by": "domain"}, "See the nets by amount of data"),),
    ours=f"A world of images stands for the medical data sets: {len(TEXTURES)} textures for "
    f"modalities, {len(SHAPES)} shapes for areas, {len(QUESTIONS)} questions for tasks.",
    notes=("Combinations sharing data sets are not independent: the sign test is optimistic.",),
    seconds=40,
    source="Counts of 43 combinations; five rows of accuracies.",
)
