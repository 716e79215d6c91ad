"""Study 32: whether a model handles shifted domains, or was asked what another one failed."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.errors import ParamError
from stresslab.gaps.rescue import check_one_regime, rescue_and_harm
from stresslab.metrics.ece import expected_calibration_error
from stresslab.rng import rng_for
from stresslab.stats.auc import auc
from stresslab.stats.bootstrap import bootstrap
from stresslab.stats.intervals import wilson
from stresslab.studies import _read
from stresslab.studies._gpt4v_digits import (
    CHANGES,
    DOMAINS,
    REFERENCE,
    SHOTS,
    Predict,
    changed,
    network,
    reference,
    test_set,
)
from stresslab.studies._gpt4v_sample import FAILED, RANDOM, SAMPLE
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._record import record

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

SOURCES = ("of its own rendering", "of photos")
BINS = 10
TASK, SHOT_TASK = "renderings", "examples in the memory"
TWO, NOISE = "net on photos and art", "net with noise"


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Ask a reference and two nets for digits in four renderings, under noise and other styles."""
    import pandas as pd

    changes: list[tuple[str, int, float, str]] = [("", 0, 0.0, "")]
    for kind, (strengths, unit) in CHANGES.items():
        used = strengths if scale == "full" else strengths[:1]
        changes += [(kind, tier, one, unit) for tier, one in enumerate(used, start=1)]
    makers: dict[str, Callable[[], Predict]] = {
        REFERENCE: reference, TWO: lambda: network(("photo", "art")),
        NOISE: lambda: network(("photo",), noise=0.04),
    }  # fmt: skip
    for name, make in makers.items():
        predict = make()
        frames = [_answers(predict, domain, *one) for domain in DOMAINS for one in changes]
        record(
            workspace, pd.concat(frames), model=name, task=TASK,
            settings={"study": "gpt4v_shift", "changes": [list(one) for one in changes],
                      "seed": 0},
        )  # fmt: skip
        yield f"{name}: {len(DOMAINS)} renderings"
    for shots in SHOTS:
        for source in SOURCES if shots else ("",):
            frames = [
                _answers(reference(shots, domain if source == SOURCES[0] else "photo"), domain)
                for domain in DOMAINS
            ]
            record(
                workspace, pd.concat(frames), model=_shot_name(shots, source), task=SHOT_TASK,
                settings={"study": "gpt4v_shift", "shots": shots, "from": source, "seed": 0},
            )  # fmt: skip
        yield f"{shots} examples of each class"


def _shot_name(shots: int, source: str) -> str:
    return f"{shots} of each class, {source}" if shots else "no examples"


def _answers(
    predict: Predict, domain: str, kind: str = "", tier: int = 0, strength: float = 0.0,
    unit: str = "",
) -> "pd.DataFrame":  # fmt: skip
    import pandas as pd

    images, labels, place = test_set(domain)
    answers, sure = predict(changed(images, kind, strength, domain, tier))
    return pd.DataFrame(
        {
            "item": [f"digit {one:04d}" for one in place], "domain": domain,
            "perturbation": kind or None, "tier": tier, "strength": strength if tier else None,
            "unit": unit or None, "reference": labels.astype(str), "answer": answers.astype(str),
            "confidence": sure, "correct": (answers == labels).astype(int),
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
                cells.append(
                    _cell(f"{model}, failures only", domain, pairs.values[failed, place], "failure")
                )
    gains = _gains(workspace)
    sure = [_confidence(workspace, model) for model in models]
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
                "gains_of_target": gains[gains["examples"] == SOURCES[0]],
                "confidence": pd.DataFrame([told for told, _ in sure]),
                "reliability": pd.DataFrame([row for _, bins in sure for row in bins]),
                "sample": printed},
        verdict=verdict, sentences=_sentences(table, pd.DataFrame(cells), printed),
    )  # fmt: skip


def _bar(model: str, what: str, ends: tuple[float, float, float], n: int) -> dict[str, Any]:
    value, low, high = ends
    return {"label": model, "what": what, "value": value, "low": low, "high": high, "n": n}


def _cell(row: str, column: str, right: Any, regime: str = "random") -> dict[str, Any]:
    found = wilson(float(right.sum()), len(right))
    return {
        "row": row, "column": column, "value": float(found.value), "low": float(found.low),
        "high": float(found.high), "n": len(right), "regime": regime,
    }  # fmt: skip


def _printed(label: str, right: int, n: int) -> dict[str, Any]:
    found = wilson(right, n)
    return {
        "label": label, "value": right / n, "low": float(found.low), "high": float(found.high),
        "n": n,
    }  # fmt: skip


def _gains(workspace: "Workspace") -> "pd.DataFrame":
    """Return what examples gain over none, by rendering, on the same items."""
    import pandas as pd

    from stresslab.stats.paired import paired_differences

    shown = [(shots, source) for shots in SHOTS[1:] for source in SOURCES]
    models = (_shot_name(0, ""), *(_shot_name(*one) for one in shown))
    pairs = _read.pairs(workspace, SHOT_TASK, models, by=("domain",))
    rows = []
    for place, (shots, source) in enumerate(shown, start=1):
        found = paired_differences(
            pairs.values[:, place], pairs.values[:, 0], pairs.cluster, pairs.group,
            len(pairs.groups), rate=True,
        )  # fmt: skip
        for code, domain in enumerate(pairs.groups["domain"]):
            rows.append(
                {"model": domain, "x": shots, "examples": source,
                 "value": float(found.difference[code]), "low": float(found.low[code]),
                 "high": float(found.high[code]), "n": int(found.n_pairs[code]),
                 "p_mcnemar": float(found.p_value[code])}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _confidence(workspace: "Workspace", model: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return calibration error and separation of a net's confidence, and its reliability."""
    rows = _read.table(workspace, TASK, model)
    rows = rows[~rows["variant_id"].str.contains("#")]
    sure, right = rows["confidence"].to_numpy(float), rows["correct"].to_numpy(float)
    known = np.isfinite(sure) & np.isfinite(right)
    sure, right = sure[known], right[known]
    inside = np.clip((sure * BINS).astype(int), 0, BINS - 1)
    sums = np.eye(BINS)[inside] * (right - sure)[:, None]
    error = bootstrap(
        np.column_stack([np.ones(len(sums)), sums]), _calibration_error, resamples=2000,
        rng=rng_for("gpt4v", "calibration", model),
    )  # fmt: skip
    area = auc(right, sure)
    told = {
        "label": model, "value": expected_calibration_error({"confidence": sure, "correct": right}),
        "low": error.low, "high": error.high, "n": len(sure), "auroc": area.value,
        "auroc_low": area.low, "auroc_high": area.high, "without_confidence": int((~known).sum()),
    }  # fmt: skip
    bins = []
    for one in np.unique(inside):
        mine = inside == one
        share = wilson(right[mine].sum(), int(mine.sum()))
        bins.append({"model": model, "x": float(sure[mine].mean()), "value": float(share.value),
                     "low": float(share.low), "high": float(share.high),
                     "n": int(mine.sum())})  # fmt: skip
    return told, bins


def _calibration_error(sums: Any) -> Any:
    return np.abs(sums[:, 1:]).sum(axis=1) / sums[:, 0]


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
    mine = cells[cells["row"] == f"{TWO}, all"]
    n = int(mine["n"].sum())
    whole = _cell(TWO, "all", np.arange(n) < round(float((mine["value"] * mine["n"]).sum())))
    failures = printed.set_index("label").loc["GPT-4V on CLIP's failures"]
    return (
        f"The {TWO} gets {rescue['value']:.2f} [{rescue['low']:.2f}, {rescue['high']:.2f}] of the "
        f"{rescue['n']} digits right that the reference fails, and loses {harm['value']:.2f} "
        f"[{harm['low']:.2f}, {harm['high']:.2f}] of the {harm['n']} it had right.",
        f"Asked only for what the reference fails it would look {rescue['value']:.2f} right, asked "
        f"for all items it is {whole['value']:.2f} right [{whole['low']:.2f}, "
        f"{whole['high']:.2f}]: the two ways of choosing items are never pooled.",
        f"In the public sample GPT-4V is right on {FAILED[0]} of {FAILED[1]} failures of CLIP, "
        f"which leaves anything from {failures['low']:.2f} on possible.",
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
            "CLIP and LLaVA are right on all photos, cartoons and art of the sample",
            (1,) * 6,
            lambda: [
                row[domain][0] / row[domain][1]
                for row in SAMPLE.values()
                for domain in ("photo", "cartoon", "art")
            ],
        ),
        KnownAnswer(
            "GPT-4V on CLIP's failures 1, CLIP on random items .9",
            (1, 0.9),
            lambda: [right / n for right, n in (FAILED, RANDOM)],
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
            "gains_of_target",
            "What examples in the memory gain, by rendering",
            {
                "x_title": "examples of each class, of the rendering asked",
                "y_title": "gain over none",
                "lines": ((0.0, "none"),),
            },
            "Do a few examples help?",
        ),
        Picture(
            "lines",
            "reliability",
            "Share right against confidence, one line per classifier",
            {
                "x_title": "mean confidence in the bin",
                "y_title": "share right",
                "bounds": (0.0, 1.0),
            },
            "Can its confidence be believed?",
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
    notes=(
        "The paper asks 13 data sets; 23.4 thousand of its cases are public, 140 images of them "
        "are counted here.",
        "Accuracy on failures is conditional on the reference whose failures they are.",
    ),
    seconds=15,
    source="Counts of the 140 images published with the paper (MIT licence).",
)
