"""Fit detectors on what is in distribution and keep their scores of everything else."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.detectors import Fitted, detectors
from stresslab.errors import ParamError, StresslabError, TooFewRowsError
from stresslab.evidence import Evidence, lacking
from stresslab.jobs._events import Done, Event
from stresslab.jobs._meter import Followed

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.analyses.detect import DetectParams
    from stresslab.projections import Report
    from stresslab.store.workspace import Workspace

BLOCK = 16_384
"""Rows scored between two reports."""


def detect(workspace: "Workspace", params: "DetectParams") -> Iterator[Event]:
    """Yield progress while detectors are fitted and their scores kept as ``<space>.<detector>``.

    Half of the clusters in distribution (`params.share`) are fitted on and get no score; variants
    of their items get one, with the role that leaves them out of every number. What is kept
    already, of the same vectors and settings, is not computed again: a stopped job goes on.

    Raises
    ------
    ParamError
        If space, model or a detector is unknown, or there is no space.
    TooFewRowsError
        If nothing is in distribution.
    """
    from stresslab.analyses import _detect_rows as about
    from stresslab.analyses._evidence import gather

    names = list(params.detectors) or detectors.names()
    pieces = {name: detectors.get(name) for name in names}
    asked = about.ask_about(workspace, params)
    space = about.space_of(asked)
    if space is None:
        raise ParamError(
            f"Detectors score vectors; no space is of task {asked.question.task!r}. "
            "`stresslab embed` makes one."
        )
    model = about.model_of(asked, space)
    sides = about.sides_of(asked, model)
    gathered = gather(workspace, asked.question, space.space_id, model)
    role = about.roles(gathered, asked, sides, params.share, params.seed)
    if not (role == about.FIT).any() or not (role == about.IN).any():
        raise TooFewRowsError(
            f"There must be rows in distribution to fit on and to hold out; by {sides.text!r} "
            f"there are {int((role == about.FIT).sum())} and {int((role == about.IN).sum())} with "
            "a vector. Say what is in distribution: in_domains or in_where."
        )
    said = {
        "space": space.space_id, "model": model, "task": asked.question.task, "sides": sides.text,
        "share": params.share, "split_seed": params.seed,
    }  # fmt: skip
    inputs = _inputs(workspace, space.space_id, asked.question.task, model)
    known = _there(workspace)
    left_out: dict[str, str] = {}
    n_kept = 0
    for name, piece in pieces.items():
        derived_id = f"{space.space_id}.{name}"
        recipe = said | {"name": name, "settings": asdict(piece.settings())}
        if known.get(derived_id) == (recipe, inputs, params.seed):
            n_kept += 1
            continue
        reason = lacking(gathered.evidence, piece.needs)
        if not reason:
            work = _Work(piece.settings(), gathered.evidence, role)
            followed = Followed(work)
            try:
                yield from followed.events("rows", piece.title)
            except StresslabError as error:
                reason = str(error)
        if reason:
            left_out[name] = reason
            continue
        _keep(
            workspace, derived_id, recipe, inputs, params.seed, gathered.rows, followed.value, role
        )
        n_kept += 1
    yield Done(
        _words(n_kept, left_out, space.space_id), {"detectors": n_kept}, {"left_out": left_out}
    )


class _Work:
    """Fit on the rows of that role, then score the others block by block."""

    def __init__(self, settings: Any, evidence: Evidence, role: Array) -> None:
        self._settings, self._evidence, self._role = settings, evidence, role

    def __call__(self, report: "Report") -> Array:
        from stresslab.analyses._detect_rows import FIT

        report(0, 1, "fitting")
        fitted: Fitted = self._settings.fit(self._evidence.take(self._role == FIT))
        scores = np.full(len(self._role), np.nan)
        asked = np.flatnonzero(self._role != FIT)
        for start in range(0, len(asked), BLOCK):
            report(start, len(asked), "scoring")
            rows = asked[start : start + BLOCK]
            scores[rows] = fitted.score(self._evidence.take(rows))
        return scores


def _inputs(workspace: "Workspace", space: str, task: str, model: str | None) -> dict[str, str]:
    """Return what scores are computed from: the vectors, and the answers of the model."""
    from stresslab.store.derived import inputs_of

    runs = [run.run_id for run in workspace.runs() if (run.task, run.model) == (task, model)]
    return inputs_of(workspace, spaces=[space], runs=runs)


def _there(workspace: "Workspace") -> dict[str, tuple[dict[str, Any], dict[str, str], Any]]:
    return {
        one.derived_id: (
            dict(one.manifest.get("recipe") or {}),
            dict(one.manifest.get("inputs") or {}),
            one.manifest.get("seed"),
        )
        for one in workspace.derived()
        if one.kind == "score"
    }


def _keep(
    workspace: "Workspace", derived_id: str, recipe: dict[str, Any], inputs: dict[str, str],
    seed: int, rows: "pd.DataFrame", scores: Array, role: Array,
) -> None:  # fmt: skip
    import pandas as pd

    from stresslab.analyses._detect_rows import FIT
    from stresslab.store.derived import seal_derived

    small = scores.astype(np.float32).astype(np.float64)  # a score is not read to more digits
    table = pd.DataFrame({"variant_id": rows["variant_id"], "value": small, "role": role})
    quality = {"n_fit": int((role == FIT).sum())}
    seal_derived(
        workspace, derived_id, kind="score", recipe=recipe, inputs=inputs, seed=seed,
        quality=quality, table=table,
    )  # fmt: skip


def _words(n_kept: int, left_out: dict[str, str], space: str) -> str:
    said = f"Scores of {n_kept} detectors on {space}"
    if not left_out:
        return said
    why = "; ".join(f"{name}: {reason.rstrip('.')}" for name, reason in left_out.items())
    return f"{said}; {len(left_out)} left out ({why})"
