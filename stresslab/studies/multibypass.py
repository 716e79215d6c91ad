"""Study 48: what is lost at another centre, what pooling repairs, what is only another mix."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError
from stresslab.gaps.divergence import jensen_shannon, transition_divergence
from stresslab.gaps.segments import edit_score
from stresslab.gaps.transfer import pooling_benefit, transfer_gaps
from stresslab.stats.intervals import t_quantile
from stresslab.studies import _read
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._multibypass_videos import (
    CENTRES,
    OFFSETS,
    Video,
    macro_f1,
    marginals,
    recogniser,
    reweighted,
    transitions,
    videos,
)
from stresslab.studies._record import record

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK = "phases"
TRAINED = {"trained on B": ("B",), "trained on S": ("S",), "trained on both": ("B", "S")}
FURTHER = ("edit_score", "frame_accuracy", "reweighted_accuracy")
MEASURES: dict[str, Any] = {
    "score": {"rate": False, "low": 0.0, "high": 1.0, "higher_is_better": True}
}
MEASURES |= {name: {"rate": False, "low": 0.0, "higher_is_better": True} for name in FURTHER}


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Train a recogniser at each centre and at both; test it on the other half of the videos."""
    import pandas as pd

    n = 30 if scale == "full" else 10
    offsets = OFFSETS if scale == "full" else OFFSETS[:2]
    for name, centres in TRAINED.items():
        frames = []
        for tier, offset in enumerate(offsets):
            halves = {one: _halves(videos(one, n, offset)) for one in CENTRES}
            # Both centres together have as many videos as one alone.
            many = n // 2 // len(centres)
            learned = [video for one in centres for video in halves[one][0][:many]]
            model = recogniser(learned)
            for centre in CENTRES:
                asked = halves[centre][1]
                check_apart(learned, asked)
                frames += [
                    _row(video, model(video), centre, tier, offset, learned, asked)
                    for video in asked
                ]
        record(
            workspace, pd.DataFrame(frames), model=name, task=TASK, measures=MEASURES,
            extra={"scores": _further(frames)},
            settings={"study": "multibypass", "videos": n, "offsets": list(offsets)},
            model_info={"trained_on": list(centres)},
        )  # fmt: skip
        yield f"{name}: {len(frames)} videos"


def _further(rows: list[dict[str, Any]]) -> "pd.DataFrame":
    """Return the other measures of every video."""
    import pandas as pd

    return pd.DataFrame(
        [
            {"variant_id": f"{TASK}/{row['item']}#{row['perturbation']}:{row['tier']}", "trial": 0,
             "measure": name, "value": row[name]}
            for row in rows
            for name in FURTHER
        ]
    )  # fmt: skip


def _halves(found: list[Video]) -> tuple[list[Video], list[Video]]:
    return found[::2], found[1::2]


def check_apart(trained: list[Video], tested: list[Video]) -> None:
    """Refuse a video on both sides.

    Raises
    ------
    ShapeError
        If there is one.
    """
    shared = {one.name for one in trained} & {one.name for one in tested}
    if shared:
        raise ShapeError(f"Video {min(shared)} is in training and in the test. Split by video.")


def _row(
    video: Video, said: Array, centre: str, tier: int, offset: float, learned: list[Video],
    asked: list[Video],
) -> dict[str, Any]:  # fmt: skip
    right = said == video.phases
    return {
        "item": f"{video.name} {tier}", "domain": centre, "perturbation": "looks of S",
        "axis": "graded", "tier": tier + 1, "strength": offset, "unit": "offset of the looks",
        "score": macro_f1(video.phases, said),
        "edit_score": round(edit_score(video.phases.tolist(), said.tolist()), 6),
        "frame_accuracy": float(right.mean()),
        "reweighted_accuracy": reweighted(video.phases, right, marginals(learned),
                                          marginals(asked)),
    }  # fmt: skip


def find(workspace: "Workspace") -> Found:
    """Return the transfer matrix, its gaps, what pooling repairs and what a mix explains."""
    import pandas as pd

    pairs = _read.pairs(workspace, TASK, tuple(TRAINED), by=("domain", "tier"))
    cells = _cells(pairs)
    last = int(cells["tier"].max())
    worst = cells[cells["tier"] == last]
    matrix = _matrix(worst, list(TRAINED)[:2])
    pooled = _matrix(worst, list(TRAINED)[2:])[0]
    gaps = _gaps(pairs, last)
    curve = cells.assign(
        x=[OFFSETS[tier - 1] for tier in cells["tier"]],
        panel="tested on " + cells["column"],
        model=cells["row"],
    )
    n = len(pairs.values) // len(CENTRES)
    distance = pd.DataFrame([_distance(name) for name in ("phases", "transitions")])
    verdict = _verdict(gaps)
    return Found(
        tables={
            "gaps": gaps, "matrix": worst, "curve": curve, "distance": distance,
            "pooling": pd.DataFrame(
                {"centre": CENTRES, "benefit": pooling_benefit(matrix, pooled), "n": n}
            ),
        },
        verdict=verdict, sentences=_sentences(gaps, transfer_gaps(matrix), distance),
    )  # fmt: skip


def _cells(pairs: Any) -> "pd.DataFrame":
    """Return the mean F1 of every model at every centre and offset: the video is the unit."""
    import pandas as pd

    rows = []
    for place, model in enumerate(pairs.models):
        for code, cell in enumerate(pairs.groups.to_dict("records")):
            values = pairs.values[pairs.group == code, place]
            rows.append(
                {"row": model, "column": str(cell["domain"]), "tier": int(cell["tier"]),
                 **_mean(values)}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _mean(values: Array) -> dict[str, Any]:
    n = len(values)
    half = float(t_quantile(0.95, n - 1)) * float(values.std(ddof=1)) / np.sqrt(n)
    mean = float(values.mean())
    return {"value": mean, "low": mean - half, "high": mean + half, "n": n}


def _matrix(cells: "pd.DataFrame", rows: list[str]) -> Array:
    table = cells.pivot(index="row", columns="column", values="value").loc[rows, list(CENTRES)]
    found: Array = table.to_numpy(float)
    return found


def _gaps(pairs: Any, tier: int) -> "pd.DataFrame":
    """Return, for either way and for pooling, the paired difference over the videos tested."""
    import pandas as pd

    groups = pairs.groups
    names = {"B": 0, "S": 1, "both": 2}

    def gap(label: str, centre: str, one: str, other: str) -> dict[str, Any]:
        code = int(
            np.flatnonzero(((groups["domain"] == centre) & (groups["tier"] == tier)).to_numpy())[0]
        )
        values = pairs.values[pairs.group == code]
        return {"label": label, **_mean(values[:, names[one]] - values[:, names[other]])}

    return pd.DataFrame(
        [
            gap("lost from B to S", "S", "S", "B"), gap("lost from S to B", "B", "B", "S"),
            gap("pooling, tested on B", "B", "both", "B"),
            gap("pooling, tested on S", "S", "both", "S"),
        ]
    )  # fmt: skip


def _distance(what: str) -> dict[str, Any]:
    first, second = (videos(one, 30, 0.0) for one in CENTRES)
    value = jensen_shannon(marginals(first), marginals(second))
    if what == "transitions":
        value = transition_divergence(transitions(first), transitions(second))
    return {"label": f"distance of {what}", "value": value, "unit": "bits", "n": 60}


def _verdict(gaps: "pd.DataFrame") -> str:
    lost, pooled = gaps.iloc[:2], gaps.iloc[2:]
    if not (lost["low"] > 0).any():
        return "mostly different case mix"
    repaired = bool((pooled["high"] > -0.02).all())
    return "pooling repairs" if repaired else "does not travel"


def _sentences(gaps: "pd.DataFrame", matrix: Array, distance: "pd.DataFrame") -> tuple[str, ...]:
    there, back, one, other = (
        f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
        for row in gaps.to_dict("records")
    )
    return (
        f"With the farthest looks a recogniser of centre B loses {there} of F1 at S, one of S "
        f"{back} at B.",
        f"Trained on as many videos of both it changes by {one} at B and by {other} at S.",
        f"The centres differ by {distance['value'].iloc[0]:.2f} bits in what phases they show and "
        f"by {distance['value'].iloc[1]:.2f} in what follows what.",
    )


def _example() -> list[float]:
    matrix = np.array([[80.0, 55.0], [50.0, 78.0]])
    gaps = transfer_gaps(matrix)
    return [gaps[0, 1], gaps[1, 0], *pooling_benefit(matrix, np.array([82.0, 81.0]))]


def _same_mix() -> float:
    """Return how far a mere change of mix is from explaining itself, in points of accuracy."""
    rng = np.random.default_rng(0)
    recall, train = rng.uniform(0.4, 0.95, 12), rng.dirichlet(np.ones(12) * 5)
    test = rng.dirichlet(np.ones(12) * 5)
    truth = rng.choice(12, 200_000, p=test)
    right = rng.random(len(truth)) < recall[truth]
    shares = np.bincount(truth, minlength=12) / len(truth)
    return 100 * (reweighted(truth, right, train, shares) - float(train @ recall))


PIECE = Study(
    title="Another centre",
    question="How much is lost at another centre, and how much does pooling repair?",
    paper="Challenges in Multi-centric Generalization: Phase and Step Recognition in Roux-en-Y "
    "Gastric Bypass Surgery",
    number=48,
    family="transfer",
    build=build,
    find=find,
    verdicts=("does not travel", "mostly different case mix", "pooling repairs"),
    known_answers=(
        KnownAnswer(
            "the printed form of matrix: gaps 23 and 30, benefits 2 and 3", (23, 30, 2, 3), _example
        ),
        KnownAnswer(
            "truth AAB, prediction ABB: F1 of both is two thirds",
            2 / 3,
            lambda: macro_f1(np.array([0, 0, 1]), np.array([0, 1, 1])),
        ),
        KnownAnswer(
            "a video of 10 frames all right and one of 90 all wrong: mean .5",
            0.5,
            lambda: float(np.mean([np.ones(10).mean(), np.zeros(90).mean()])),
        ),
        KnownAnswer(
            "the same centre twice: no distance",
            (0, 0),
            lambda: [
                jensen_shannon(np.full(12, 1 / 12), np.full(12, 1 / 12)),
                transition_divergence(np.eye(3), np.eye(3)),
            ],
        ),
        KnownAnswer(
            "phases that never meet: one bit",
            1,
            lambda: jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])),
        ),
        KnownAnswer(
            "segments AB against ABA: edit score 66.67", 200 / 3, lambda: edit_score("AAB", "ABA")
        ),
        KnownAnswer("a mere change of mix leaves nothing over", 0, _same_mix, 1.0, "simulated"),
    ),
    published=(Published("videos", 140.0), Published("videos of each centre", 70.0)),
    pictures=(
        Picture(
            "matrix",
            "matrix",
            "F1 by where it was trained and where it was tested",
            {
                "row_title": "where it was trained",
                "column_title": "tested at",
                "bounds": (0.0, 1.0),
            },
        ),
        Picture(
            "dots",
            "multibypass",
            "What is lost at the other centre, and what pooling gains",
            {"x_title": "difference in F1", "lines": ((0.0, "none"),)},
            "Lost on the way, and repaired",
        ),
        Picture(
            "lines",
            "curve",
            "F1 against how far the looks of S lie from those of B",
            {
                "panel": "panel",
                "x_title": "offset of the looks of S",
                "y_title": "F1 (larger is better)",
                "bounds": (0.0, 1.0),
            },
            "How far away is too far?",
        ),
    ),
    looks=(Look("compare", {"task": TASK, "by": "domain"}, "Compare the recognisers"),),
    ours="Both centres are simulated; splitting a gap into mix and rest is ours.",
    notes=("The original labels are not bundled: their licence is non-commercial.",),
    seconds=20,
    source="140 videos; no table of scores is offered.",
)
