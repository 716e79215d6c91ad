"""The tables of study 48: matrix, gaps, mixes, durations and transitions, read from its runs."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.result import Warn
from stresslab.stats.intervals import from_moments, t_quantile, wilson
from stresslab.studies import _read
from stresslab.studies._multibypass_mix import distances, split, transitions
from stresslab.studies._multibypass_scores import of_runs
from stresslab.studies._multibypass_videos import CENTRES, OFFSETS
from stresslab.studies._multibypass_videos import PHASES as N_PHASES

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.pairs import Pairs
    from stresslab.store.workspace import Workspace

VIDEOS, PHASES = "videos", "phases of videos"
TRAINED = {"trained on B": ("B",), "trained on S": ("S",), "trained on both": ("B", "S")}
FURTHER = ("accuracy", "precision", "recall", "f1", "edit")
GAPS = (
    "lost from B to S", "lost from S to B", "pooling, tested on B", "pooling, tested on S",
    "repaired by pooling at S", "repaired by pooling at B",
)  # fmt: skip
AWAY = {"B's at S": ("B", "S"), "S's at B": ("S", "B")}
"""A recogniser away: where it is at home, and where it is tested."""

SEVEN = (
    ("1", "B", "B", ("B",)), ("2", "S", "S", ("S",)), ("3", "both", "both", ("B", "S")),
    ("4", "B", "S", ("S",)), ("5", "S", "B", ("B",)), ("6", "both", "B", ("B",)),
    ("7", "both", "S", ("S",)),
)  # fmt: skip
"""The paper's runs: number, trained on, tested on, and the centres of the videos."""


def of_videos(workspace: "Workspace") -> "Pairs":
    """Return F1 of every recogniser on the same videos, by centre and tier."""
    return _read.pairs(workspace, VIDEOS, tuple(TRAINED), by=("domain", "tier"))


def cells(workspace: "Workspace") -> "pd.DataFrame":
    """Return the mean F1 of every recogniser at every centre and offset."""
    found = _read.means(workspace, VIDEOS, tuple(TRAINED), by=("domain", "tier"))
    return found.rename(columns={"model": "row", "domain": "column"})


def curve(found: "pd.DataFrame") -> "pd.DataFrame":
    """Return the cells along the offset, one panel per centre of the test."""
    return found.assign(
        x=[OFFSETS[tier - 1] for tier in found["tier"]], model=found["row"],
        panel="tested on " + found["column"],
    ).sort_values(["panel", "model", "x"], ignore_index=True)  # fmt: skip


def gaps(pairs: "Pairs", tier: int) -> "pd.DataFrame":
    """Return, over the same videos: lost either way, pooling against own, and against away."""
    import pandas as pd

    place = {name.removeprefix("trained on "): n for n, name in enumerate(pairs.models)}
    at = {str(row["domain"]): code for code, row in enumerate(pairs.groups.to_dict("records"))
          if int(row["tier"]) == tier}  # fmt: skip
    asked = (("S", "S", "B"), ("B", "B", "S"), ("B", "both", "B"), ("S", "both", "S"),
             ("S", "both", "B"), ("B", "both", "S"))  # fmt: skip
    rows = []
    for label, (centre, one, other) in zip(GAPS, asked, strict=True):
        values = pairs.values[pairs.group == at[centre]]
        rows.append({"label": label, **_mean(values[:, place[one]] - values[:, place[other]])})
    return pd.DataFrame(rows)


def seven(pairs: "Pairs", workspace: "Workspace", tier: int) -> "pd.DataFrame":
    """Return mean and standard deviation over videos of every measure, for the paper's runs."""
    import pandas as pd

    rows = []
    for measure in FURTHER:
        found = pairs
        if measure != "f1":
            found = _read.pairs(
                workspace, VIDEOS, tuple(TRAINED), by=("domain", "tier"), measure=measure
            )
        domain, of_tier = (
            found.groups[name].to_numpy()[found.group] for name in ("domain", "tier")
        )
        for number, trained, tested, centres in SEVEN:
            use = np.isin(domain, centres) & (of_tier == tier)
            values = found.values[use, found.models.index(f"trained on {trained}")]
            rows.append({"run": number, "trained_on": trained, "tested_on": tested,
                         "measure": measure, **_bounded(values),
                         "sd": float(values.std(ddof=1))})  # fmt: skip
    return pd.DataFrame(rows)


def _mean(values: Array) -> dict[str, Any]:
    n = len(values)
    half = float(t_quantile(0.95, n - 1)) * float(values.std(ddof=1)) / np.sqrt(n)
    mean = float(values.mean())
    return {"value": mean, "low": mean - half, "high": mean + half, "n": n}


def _bounded(values: Array) -> dict[str, Any]:
    """Return the mean of values in [0, 1] with an interval that keeps within."""
    n, total, squares = len(values), float(values.sum()), float((values**2).sum())
    found = from_moments(total, n, n, squares, total, n, sq=squares, bounds=(0.0, 1.0))
    return {"value": float(found.value), "low": float(found.low), "high": float(found.high), "n": n}


def mixes(workspace: "Workspace", tier: int) -> "pd.DataFrame":
    """Return what each centre's recogniser loses away in accuracy, the mix's part and the rest."""
    import pandas as pd

    found = []
    for label, (home, away) in AWAY.items():
        sides = _frames(workspace, f"trained on {home}", tier)
        table = split(*sides[home], *sides[away])
        found.append(table.assign(row=label))
    return pd.concat(found, ignore_index=True)


def _frames(workspace: "Workspace", model: str, tier: int) -> dict[str, tuple[Array, Array]]:
    """Return, by centre, frames and right frames of every video and phase."""
    rows = _phases(workspace, model)
    rows = rows[rows["tier"] == tier]
    made = {}
    for centre, one in rows.groupby("centre"):
        video = one["video"].astype("category").cat.codes.to_numpy(np.int64)
        place = video * N_PHASES + one["phase"].to_numpy()
        size = (int(video.max()) + 1) * N_PHASES
        frames, right = (
            np.bincount(place, weights=weights, minlength=size).reshape(-1, N_PHASES)
            for weights in (one["frames"], one["frames"] * one["recall"])
        )
        made[str(centre)] = (frames, right)
    return made


def durations(workspace: "Workspace") -> "pd.DataFrame":
    """Return the recall of phases by tenth of their length, over all offsets."""
    import pandas as pd

    found = []
    for model in TRAINED:
        rows = _phases(workspace, model)
        tenth = pd.qcut(rows["frames"], 10, labels=False, duplicates="drop")
        for (centre, _), one in rows.groupby(["centre", tenth]):
            of_video = one.groupby("video")["recall"].mean().to_numpy()  # the video is the unit
            found.append({"panel": f"tested on {centre}", "model": model,
                          "x": float(one["frames"].median()), **_bounded(of_video)})  # fmt: skip
    return pd.DataFrame(found)


def _phases(workspace: "Workspace", model: str) -> "pd.DataFrame":
    """Return the phases of all videos: centre, video, tier, phase, frames and recall."""
    import json

    import pandas as pd

    items = _read.table(workspace, PHASES, model, "items").set_index("item_id")
    variants = _read.table(workspace, PHASES, model, "variants").set_index("variant_id")
    rows = _read.table(workspace, PHASES, model)
    asked = variants.loc[rows["variant_id"]]
    told = items.loc[asked["item_id"]]
    known = pd.DataFrame([json.loads(one) for one in told["attributes"]])
    return known.assign(
        centre=told["domain"].to_numpy(), video=told["group_id"].to_numpy(),
        tier=asked["tier"].to_numpy(), recall=rows["score"].to_numpy(),
    )  # fmt: skip


def sequences(workspace: "Workspace") -> dict[str, list[Array]]:
    """Return the true phases of every video, by centre."""
    items = _read.table(workspace, VIDEOS, next(iter(TRAINED)), "items").sort_values("item_id")
    return {
        centre: [of_runs(one) for one in items.loc[items["domain"] == centre, "input"]]
        for centre in CENTRES
    }


def distance(found: dict[str, list[Array]]) -> "pd.DataFrame":
    """Return how far apart the centres are in what they show, and in what follows what."""
    here, there = (found[one] for one in CENTRES)
    return distances(here, there, N_PHASES).assign(unit="bits")


def follows(found: dict[str, list[Array]]) -> dict[str, "pd.DataFrame"]:
    """Return a table per centre: the share of transitions from each phase to each other one."""
    import pandas as pd

    made = {}
    for centre, videos in found.items():
        counts = transitions(videos, N_PHASES)
        out = counts.sum(axis=1, keepdims=True)
        ends = wilson(counts, np.broadcast_to(out, counts.shape))
        share = np.stack([ends.value, ends.low, ends.high])
        share[:, counts == 0] = np.nan  # a transition nobody made is no cell
        made[f"follows_at_{centre}"] = pd.DataFrame(
            [
                {"row": f"{a}", "column": f"{b}", "n": int(out[a, 0]),
                 **dict(zip(("value", "low", "high"), share[:, a, b], strict=True))}
                for a in range(N_PHASES) for b in range(N_PHASES)
            ]
        )  # fmt: skip
    return made


def unseen(workspace: "Workspace") -> tuple[Warn, ...]:
    """Return a warning where a tested video shows phases that its recognisers never saw."""
    listed = {
        one
        for run in workspace.runs()
        if run.task == VIDEOS
        for one in (run.settings or {}).get("unseen", ())
    }
    if not listed:
        return ()
    few = ", ".join(sorted(listed)[:3])
    return (
        Warn(
            "phase-unseen",
            f"{len(listed)} phases of tested videos were never seen in training, so their recall "
            f"is 0: {few}.",
            len(listed),
        ),
    )
