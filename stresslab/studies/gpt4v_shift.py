"""Study 32: whether a model handles shifted domains, or was asked what another one failed."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.errors import ParamError
from stresslab.gaps.rescue import check_one_regime, rescue_and_harm
from stresslab.rng import rng_for
from stresslab.stats.intervals import wilson
from stresslab.studies import _read
from stresslab.studies._gpt4v_digits import (
    DOMAINS,
    REFERENCE,
    SHOTS,
    VARIANCES,
    Predict,
    network,
    noisy,
    reference,
    test_set,
)
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._record import record

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK, SHOT_TASK = "renderings", "examples in the memory"
TWO, NOISE = "net on photos and art", "net with noise"
SAMPLE = {
    "CLIP": {"photo": (35, 35), "art": (35, 35), "cartoon": (35, 35), "sketch": (29, 35)},
    "LLaVA": {"photo": (35, 35), "art": (35, 35), "cartoon": (35, 35), "sketch": (33, 35)},
}
"""Right and asked in the public sample of 140 images, by model and domain."""

FAILED, RANDOM = (6, 6), (18, 20)
"""GPT-4V on the six failures of CLIP; CLIP on twenty random items."""


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Ask a reference and two nets for digits in four renderings, under noise."""
    import pandas as pd

    variances = VARIANCES if scale == "full" else VARIANCES[:2]
    makers: dict[str, Callable[[], Predict]] = {
        REFERENCE: reference, TWO: lambda: network(("photo", "art")),
        NOISE: lambda: network(("photo",), noise=0.04),
    }  # fmt: skip
    for name, make in makers.items():
        predict = make()
        frames = [
            _answers(predict, domain, tier, variance)
            for domain in DOMAINS
            for tier, variance in enumerate(variances)
        ]
        record(
            workspace, pd.concat(frames), model=name, task=TASK,
            settings={"study": "gpt4v_shift", "variances": list(variances), "seed": 0},
        )  # fmt: skip
        yield f"{name}: {len(DOMAINS)} renderings"
    for shots in SHOTS:
        frames = [_answers(reference(shots, domain), domain, 0, 0.0) for domain in DOMAINS]
        record(
            workspace, pd.concat(frames), model=f"{shots} of each class", task=SHOT_TASK,
            settings={"study": "gpt4v_shift", "shots": shots, "seed": 0},
        )  # fmt: skip
        yield f"{shots} examples of each class"


def _answers(predict: Predict, domain: str, tier: int, variance: float) -> "pd.DataFrame":
    import pandas as pd

    images, labels, place = test_set(domain)
    if tier:
        images = noisy(images, variance, rng_for("gpt4v noise", domain, tier))
    answers, sure = predict(images)
    return pd.DataFrame(
        {
            "item": [f"digit {one:04d}" for one in place], "domain": domain,
            "perturbation": "noise" if tier else None, "tier": tier,
            "strength": variance if tier else None, "unit": "variance" if tier else None,
            "reference": labels.astype(str), "answer": answers.astype(str), "confidence": sure,
            "correct": (answers == labels).astype(int),
        }
    )  # fmt: skip


def find(workspace: "Workspace") -> Found:
    """Return accuracy by regime, rescue and harm against the reference, and what examples gain."""
    import pandas as pd

    models = (REFERENCE, TWO, NOISE)
    pairs = _read.pairs(workspace, TASK, models, by=("domain",), where="tier = 0")
    cells, bars = [], []
    for model in models[1:]:
        right = pairs.values[:, models.index(model)]
        found = rescue_and_harm(right, pairs.values[:, 0])
        bars += [
            _bar(model, "rescue", found.rescue, found.n_failed),
            _bar(model, "harm", found.harm, found.n_right),
        ]
    for place, model in enumerate(models):
        for code, domain in enumerate(pairs.groups["domain"]):
            mine = pairs.group == code
            failed = mine & (pairs.values[:, 0] == 0)
            cells.append(_cell(f"{model}, all", domain, pairs.values[mine, place]))
            if place:
                cells.append(_cell(f"{model}, failures only", domain, pairs.values[failed, place]))
    gains = _gains(workspace)
    table = pd.DataFrame(bars)
    printed = pd.DataFrame(
        [_printed(f"{model}, {domain}", *counts) for model, row in SAMPLE.items()
         for domain, counts in row.items()]
        + [_printed("GPT-4V on CLIP's failures", *FAILED),
           _printed("CLIP on random items", *RANDOM)]
    )  # fmt: skip
    verdict = _verdict(table)
    return Found(
        tables={"rescue": table, "accuracy": pd.DataFrame(cells), "gains": gains,
                "sample": printed},
        verdict=verdict, sentences=_sentences(table, pd.DataFrame(cells), printed),
    )  # fmt: skip


def _bar(model: str, what: str, ends: tuple[float, float, float], n: int) -> dict[str, Any]:
    value, low, high = ends
    return {"label": model, "what": what, "value": value, "low": low, "high": high, "n": n}


def _cell(row: str, column: str, right: Any) -> dict[str, Any]:
    found = wilson(float(right.sum()), len(right))
    return {
        "row": row, "column": column, "value": float(found.value), "low": float(found.low),
        "high": float(found.high), "n": len(right),
    }  # fmt: skip


def _printed(label: str, right: int, n: int) -> dict[str, Any]:
    found = wilson(right, n)
    return {
        "label": label, "value": right / n, "low": float(found.low), "high": float(found.high),
        "n": n,
    }  # fmt: skip


def _gains(workspace: "Workspace") -> "pd.DataFrame":
    """Return what examples of a domain gain over none, on the same items."""
    import pandas as pd

    from stresslab.stats.paired import paired_differences

    models = tuple(f"{shots} of each class" for shots in SHOTS)
    pairs = _read.pairs(workspace, SHOT_TASK, models, by=("domain",))
    rows = []
    for place, shots in enumerate(SHOTS[1:], start=1):
        found = paired_differences(
            pairs.values[:, place], pairs.values[:, 0], pairs.cluster, pairs.group,
            len(pairs.groups), rate=True,
        )  # fmt: skip
        for code, domain in enumerate(pairs.groups["domain"]):
            rows.append(
                {"model": domain, "x": shots, "value": float(found.difference[code]),
                 "low": float(found.low[code]), "high": float(found.high[code]),
                 "n": int(found.n_pairs[code])}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _verdict(table: "pd.DataFrame") -> str:
    best: dict[Any, dict[Any, Any]] = (
        table[table["label"] == TWO].set_index("what").to_dict("index")
    )
    if best["rescue"]["n"] < 10:
        return "n too small"
    if best["harm"]["low"] > 0.05:
        return "harms what worked"
    return "robust" if best["rescue"]["low"] > 0.5 else "only rescues easy failures"


def _sentences(
    table: "pd.DataFrame", cells: "pd.DataFrame", printed: "pd.DataFrame"
) -> tuple[str, ...]:
    best = table[table["label"] == TWO].set_index("what")
    rescue, harm = best.loc["rescue"], best.loc["harm"]
    failures = printed.set_index("label").loc["GPT-4V on CLIP's failures"]
    return (
        f"The {TWO} gets {rescue['value']:.2f} [{rescue['low']:.2f}, {rescue['high']:.2f}] of the "
        f"{rescue['n']} digits right that the reference fails, and loses {harm['value']:.2f} "
        f"[{harm['low']:.2f}, {harm['high']:.2f}] of the {harm['n']} it had right.",
        "Asked only for the failures of another model, any model looks better or worse than it is: "
        "the two ways of choosing items are never pooled.",
        f"In the public sample GPT-4V is right on 6 of 6 failures of CLIP, which leaves anything "
        f"from {failures['low']:.2f} on possible.",
    )


def _identity() -> float:
    """Return how far rescue and harm are from making up the accuracy, on random items."""
    rng = rng_for("gpt4v", "identity")
    a, b = (rng.random(500) < 0.6).astype(float), (rng.random(500) < 0.8).astype(float)
    found = rescue_and_harm(a, b)
    made = found.reference * (1 - found.harm[0]) + (1 - found.reference) * found.rescue[0]
    return float(made - found.accuracy)


def _itself() -> list[float]:
    rng = rng_for("gpt4v", "itself")
    a = (rng.random(200) < 0.7).astype(float)
    found = rescue_and_harm(a, a)
    return [found.rescue[0], found.harm[0]]


def _pooled() -> float:
    try:
        check_one_regime(np.array(["random", "failure"]))
    except ParamError:
        return 1.0
    return 0.0


PIECE = Study(
    title="Rescue and harm",
    question="Does a model handle shifted domains, or was it asked what another one failed?",
    paper="How Well Does GPT-4V(ision) Adapt to Distribution Shifts? A Preliminary Investigation",
    number=32,
    family="results cube",
    build=build,
    find=find,
    verdicts=("robust", "only rescues easy failures", "harms what worked", "n too small"),
    known_answers=(
        KnownAnswer("rescue and harm make up the accuracy", 0, _identity, 1e-12),
        KnownAnswer("a model against itself rescues nothing and harms nothing", (0, 0), _itself),
        KnownAnswer(
            "a perfect reference leaves nothing to rescue",
            float("nan"),
            lambda: rescue_and_harm(np.array([1.0, 0.0]), np.ones(2)).rescue[0],
        ),
        KnownAnswer("pooling both ways of choosing items is refused", 1, _pooled),
        KnownAnswer(
            "sketches of the sample: CLIP .829, LLaVA .943",
            (0.829, 0.943),
            lambda: [SAMPLE[model]["sketch"][0] / 35 for model in ("CLIP", "LLaVA")],
            5e-4,
            "rounded",
        ),
        KnownAnswer(
            "6 of 6 has a lower bound of .61",
            0.61,
            lambda: float(wilson(*FAILED).low),
            5e-3,
            "rounded",
        ),
    ),
    published=tuple(
        Published(f"{model} on {domain}", right / n, {"row": model, "column": domain})
        for model, row in SAMPLE.items()
        for domain, (right, n) in row.items()
    ),
    pictures=(
        Picture(
            "dots",
            "gpt4v_shift",
            "Rescue and harm of two nets against the reference",
            {
                "series": "what",
                "x_title": "share of the reference's failures, and of its successes",
                "bounds": (0.0, 1.0),
            },
        ),
        Picture(
            "matrix",
            "accuracy",
            "Accuracy by rendering, on all items and on failures only",
            {"bounds": (0.0, 1.0)},
            "All items against the reference's failures",
        ),
        Picture(
            "lines",
            "gains",
            "What examples in the memory gain, by rendering",
            {
                "x_title": "examples of each class",
                "y_title": "gain over none",
                "lines": ((0.0, "none"),),
            },
            "Do a few examples help?",
        ),
        Picture(
            "dots",
            "sample",
            "Shares right in the public sample, with intervals",
            {"x_title": "share right (public sample)", "bounds": (0.0, 1.0)},
            "What the public sample can say",
        ),
    ),
    looks=(
        Look("compare", {"task": TASK, "by": "domain"}, "Compare the nets"),
        Look("tier_curve", {"task": TASK}, "See the fall under noise"),
    ),
    ours="Digits in four renderings stand for photo, sketch, cartoon and art; the reference is a "
    "nearest-neighbour classifier of the photos.",
    notes=("Accuracy on failures is conditional on the reference whose failures they are.",),
    seconds=15,
    source="Counts of the 140 images published with the paper (MIT licence).",
)
