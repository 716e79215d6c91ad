"""Study 48: what is lost at another centre, what pooling repairs, what is only another mix."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError
from stresslab.gaps.divergence import jensen_shannon, transition_divergence
from stresslab.gaps.segments import edit_score
from stresslab.gaps.transfer import pooling_benefit, transfer_gaps
from stresslab.rng import rng_for
from stresslab.studies import _multibypass_tables as tables
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._multibypass_mix import split
from stresslab.studies._multibypass_scores import recalls, runs, scores
from stresslab.studies._multibypass_videos import (
    CENTRES,
    OFFSETS,
    Recogniser,
    Video,
    recogniser,
    videos,
)
from stresslab.studies._record import record
from stresslab.studies._words import measured

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace

FOLDS = 5
BOUNDED: dict[str, Any] = {"rate": False, "low": 0.0, "high": 1.0, "higher_is_better": True}


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Train recognisers at each centre and at both, without one fifth of the videos; test on it."""
    n, offsets = (30, OFFSETS) if scale == "full" else (10, OFFSETS[:2])
    for arm, centres in tables.TRAINED.items():
        of_video: list[dict[str, Any]] = []
        of_phase: list[dict[str, Any]] = []
        unseen: set[str] = set()
        for tier, offset in enumerate(offsets, start=1):
            seen = {centre: videos(centre, n, offset) for centre in CENTRES}
            for fold in range(FOLDS):
                learned = [one for centre in centres for one in _without(seen[centre], fold)]
                model = recogniser(learned)
                known = set(np.unique(np.concatenate([one.phases for one in learned])).tolist())
                for centre in CENTRES:
                    for video in seen[centre][fold::FOLDS]:
                        check_apart(learned, [video])
                        at = {"domain": centre, "perturbation": "looks of S", "axis": "graded",
                              "tier": tier, "strength": offset,
                              "unit": "offset of the looks"}  # fmt: skip
                        unseen |= {f"phase {one} of {video.name}"
                                   for one in set(video.phases.tolist()) - known}  # fmt: skip
                        whole, parts = _rows(video, model, at)
                        of_video.append(whole)
                        of_phase += parts
        _seal(workspace, arm, of_video, of_phase, sorted(unseen), list(offsets))
        yield f"{arm}: {len(of_video):,} videos recognised"


def _without(found: list[Video], fold: int) -> list[Video]:
    return [one for place, one in enumerate(found) if place % FOLDS != fold]


def check_apart(trained: Sequence[Video], tested: Sequence[Video]) -> None:
    """Refuse a video on both sides.

    Raises
    ------
    ShapeError
        If there is one.
    """
    shared = {one.name for one in trained} & {one.name for one in tested}
    if shared:
        raise ShapeError(f"Video {min(shared)} is in training and in the test. Split by video.")


def _rows(
    video: Video, model: Recogniser, at: dict[str, Any]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what a recogniser says of a video as a whole, and of each of its phases."""
    said = model(video)
    found = scores(video.name, video.phases, said)
    whole = {
        "item": video.name, "input": runs(video.phases), "output": runs(said), **at, **found,
        "score": found["f1"],
    }  # fmt: skip
    parts = [
        {"item": f"{video.name} phase {one['phase']:02d}", "group": video.name, **at, **one}
        for one in recalls(video.phases, said)
    ]
    return whole, parts


def _seal(
    workspace: "Workspace", arm: str, of_video: list[dict[str, Any]],
    of_phase: list[dict[str, Any]], unseen: list[str], offsets: list[float],
) -> None:  # fmt: skip
    import pandas as pd

    settings = {"study": "multibypass", "videos": len(of_video), "offsets": offsets, "folds": FOLDS,
                "unseen": unseen}  # fmt: skip
    info = {"trained_on": list(tables.TRAINED[arm])}
    further = [
        {"variant_id": f"{tables.VIDEOS}/{row['item']}#{row['perturbation']}:{row['tier']}",
         "trial": 0, "measure": name, "value": row[name]}
        for row in of_video for name in tables.FURTHER
    ]  # fmt: skip
    record(
        workspace, pd.DataFrame(of_video), model=arm, task=tables.VIDEOS, settings=settings,
        measures={"score": BOUNDED, **dict.fromkeys(tables.FURTHER, BOUNDED)}, model_info=info,
        extra={"scores": pd.DataFrame(further)},
    )  # fmt: skip
    record(
        workspace, pd.DataFrame(of_phase), model=arm, task=tables.PHASES, settings=settings,
        measures={"score": BOUNDED}, model_info=info, attributes=("phase", "frames"),
    )  # fmt: skip


def find(workspace: "Workspace") -> Found:
    """Return the transfer matrix, its gaps, what pooling repairs and what a mix explains."""
    pairs = tables.of_videos(workspace)
    last = int(pairs.groups["tier"].max())
    cells = tables.cells(workspace)
    gaps = tables.gaps(pairs, last)
    mix = tables.mixes(workspace, last)
    sequences = tables.sequences(workspace)
    verdict = _verdict(gaps, mix)
    distance = tables.distance(sequences)
    return Found(
        tables={
            "gaps": gaps, "matrix": cells[cells["tier"] == last].reset_index(drop=True),
            "curve": tables.curve(cells), "mix": mix, "durations": tables.durations(workspace),
            **tables.follows(sequences), "distance": distance,
            "runs": tables.seven(pairs, workspace, last),
        },
        verdict=verdict, sentences=_sentences(gaps, mix, distance),
        warnings=tables.unseen(workspace),
    )  # fmt: skip


def _verdict(gaps: Any, mix: Any) -> str:
    """Return the word for what was found at the largest offset.

    The mix explains most where its part is clear and larger than what is left, of each loss that
    is clear; pooling repairs where it beats the other centre's recogniser at both places and is
    not clearly worse than the place's own.
    """
    by = gaps.set_index("label")
    lost = by.loc[[one for one in by.index if one.startswith("lost")]]
    if not (lost["low"] > 0).any():
        return "cannot tell"
    parts = mix.set_index(["row", "part"])
    clear = [one for one in tables.AWAY if parts.loc[(one, "lost"), "low"] > 0]
    if clear and all(
        parts.loc[(one, "mix"), "low"] > 0
        and parts.loc[(one, "mix"), "value"] > parts.loc[(one, "rest"), "value"]
        for one in clear
    ):
        return "mostly different case mix"
    repaired = (by.loc[[one for one in by.index if one.startswith("repaired")], "low"] > 0).all()
    kept = (by.loc[[one for one in by.index if one.startswith("pooling")], "high"] >= 0).all()
    return "pooling repairs" if repaired and kept else "does not travel"


def _sentences(gaps: Any, mix: Any, distance: Any) -> tuple[str, ...]:
    by, parts = gaps.set_index("label"), mix.set_index(["row", "part"])
    apart = distance.set_index("label")
    there, back, one, other = (measured(by.loc[name]) for name in tables.GAPS[:4])
    home = "; ".join(
        f"{name}, {measured(parts.loc[(name, 'mix')])} of {measured(parts.loc[(name, 'lost')])}"
        for name in tables.AWAY
    )
    return (
        f"With the farthest looks a recogniser of centre B loses {there} of F1 at S against one "
        f"trained there, one of S {back} at B.",
        f"Trained at both it differs from one trained at the place by {one} at B and {other} at S.",
        f"Of the accuracy lost away from home this much is only another mix of phases: {home}.",
        f"The centres differ by {measured(apart.loc['phases'])} bits in what phases they show and "
        f"by {measured(apart.loc['what follows what'])} in what follows what.",
    )


def _example() -> list[float]:
    matrix = np.array([[80.0, 55.0], [50.0, 78.0]])
    gaps = transfer_gaps(matrix)
    return [gaps[0, 1], gaps[1, 0], *pooling_benefit(matrix, np.array([82.0, 81.0]))]


def _two_videos() -> list[float]:
    """Return the mean over videos and over frames of a short right and a long wrong video."""
    right = [scores("short", np.zeros(10, int), np.zeros(10, int))["accuracy"]]
    right += [scores("long", np.zeros(90, int), np.ones(90, int))["accuracy"]]
    return [float(np.mean(right)), float(np.average(right, weights=[10, 90]))]


def _aab() -> list[float]:
    found = scores("AAB", np.array([0, 0, 1]), np.array([0, 1, 1]))
    return [found["accuracy"], found["f1"]]


def _same_mix() -> list[float]:
    """Return, in points of accuracy, what is left over where only the mix of phases differs."""
    rng = rng_for("multibypass", "mix only")
    recall = rng.uniform(0.4, 0.95, 12)
    frames = [rng.multinomial(4000, rng.dirichlet(np.full(12, 5.0)), size=50) for _ in range(2)]
    right = [rng.binomial(one, recall) for one in frames]
    found = split(frames[0], right[0], frames[1], right[1]).set_index("part")["value"]
    return [100 * found["rest"], float(np.sign(abs(found["mix"]) - 0.01))]


def _no_distance() -> list[float]:
    alike: Array = np.full(12, 1 / 12)
    return [jensen_shannon(alike, alike), transition_divergence(np.eye(3), np.eye(3))]


PIECE = Study(
    title="Another centre",
    question="How much is lost at another centre, and how much does pooling repair?",
    paper="Challenges in Multi-centric Generalization: Phase and Step Recognition in Roux-en-Y "
    "Gastric Bypass Surgery",
    number=48,
    family="transfer",
    build=build,
    find=find,
    verdicts=("does not travel", "mostly different case mix", "pooling repairs", "cannot tell"),
    known_answers=(
        KnownAnswer(
            "the printed form of matrix: gaps 23 and 30, benefits 2 and 3", (23, 30, 2, 3), _example
        ),
        KnownAnswer(
            "truth AAB, prediction ABB: accuracy and F1 are two thirds", (2 / 3, 2 / 3), _aab
        ),
        KnownAnswer(
            "a video of 10 frames all right and one of 90 all wrong: videos .5, frames .1",
            (0.5, 0.1), _two_videos,
        ),
        KnownAnswer("the same centre twice: no distance", (0, 0), _no_distance),
        KnownAnswer(
            "phases that never meet: one bit", 1,
            lambda: jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])),
        ),
        KnownAnswer(
            "segments AB against ABA: edit score 66.67", 200 / 3, lambda: edit_score("AAB", "ABA")
        ),
        KnownAnswer(
            "a mere change of mix leaves nothing over, and loses more than a point",
            (0, 1), _same_mix, 1.0, "simulated",
        ),
    ),
    published=(Published("videos", 140.0), Published("videos of each centre", 70.0)),
    pictures=(
        Picture(
            "matrix", "matrix", "F1 by where it was trained and where it was tested",
            {"row_title": "where it was trained", "column_title": "tested at",
             "bounds": (0.0, 1.0)},
        ),
        Picture(
            "dots", "multibypass", "What is lost at the other centre, and what pooling gains",
            {"x_title": "difference in F1", "lines": ((0.0, "none"),)},
            "Lost on the way, and repaired",
        ),
        Picture(
            "dots", "mix", "Accuracy lost away from home: the part of the mix, and what is left",
            {"label": "row", "series": "part", "x_title": "accuracy lost away from home",
             "lines": ((0.0, "none"),)},
            "Is it only another mix of phases?",
        ),
        Picture(
            "lines", "curve", "F1 against how far the looks of S lie from those of B",
            {"panel": "panel", "x_title": "offset of the looks of S",
             "y_title": "F1 (larger is better)", "bounds": (0.0, 1.0)},
            "How far away is too far?",
        ),
        Picture(
            "lines", "durations", "Share of the frames of a phase recognised, by its length",
            {"panel": "panel", "x_title": "frames of the phase, middle of each tenth",
             "y_title": "recall (larger is better)", "bounds": (0.0, 1.0), "log_x": True},
            "Are short phases missed?",
        ),
        Picture(
            "matrix", "follows_at_B", "Share of transitions from row to column at centre B",
            {"row_title": "phase", "column_title": "is followed by", "bounds": (0.0, 1.0)},
            "What follows what at B",
        ),
        Picture(
            "matrix", "follows_at_S", "Share of transitions from row to column at centre S",
            {"row_title": "phase", "column_title": "is followed by", "bounds": (0.0, 1.0)},
            "What follows what at S",
        ),
    ),
    looks=(
        Look("compare", {"task": tables.VIDEOS, "by": "domain"}, "Compare the recognisers"),
        Look("tier_curve", {"task": tables.PHASES, "by": "domain"}, "See phases by offset"),
    ),
    ours="Both centres are simulated; splitting a loss into mix and rest is ours: it compares one "
    "recogniser at home and away.",
    notes=(
        "The video is the unit of every interval; five folds, each video tested by the recognisers "
        "that were not trained on it.",
        "A recogniser of both centres sees twice the videos, as in the paper.",
        "The original labels are not bundled: their licence is non-commercial.",
    ),
    seconds=20,
    source="140 videos; no table of scores is offered.",
)  # fmt: skip
