"""Who is in, who is out, and who a detector was fitted on; the scores that are kept of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _ood_split
from stresslab.analyses._ask import Asked, ask
from stresslab.checks import Array
from stresslab.errors import ParamError
from stresslab.params import Params
from stresslab.predicate import Predicate, all_of, to_text

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.analyses._evidence import Gathered
    from stresslab.store.derived import DerivedInfo
    from stresslab.store.spaces import SpaceInfo
    from stresslab.store.workspace import Workspace

FIT, IN, OUT, ASIDE = 0, 1, 2, 3
"""Roles of rows: fitted on; in distribution and held out; out of distribution; neither, or a
variant of an item that was fitted on: it would look familiar for that alone."""


@dataclass(frozen=True)
class Sides:
    """Conditions for what is in and what is out of distribution.

    Parameters
    ----------
    inside : Predicate
        Rows in distribution.
    outside : Predicate or None
        Rows out of it; everything else where it is None.
    in_words, out_words : str
        What people call them.
    """

    inside: Predicate
    outside: Predicate | None
    in_words: str
    out_words: str

    @property
    def text(self) -> str:
        """Return both conditions as one text that tells sides apart."""
        outside = "" if self.outside is None else f" | {to_text(self.outside)}"
        return to_text(self.inside) + outside


@dataclass(frozen=True, eq=False)
class Kept:
    """Scores that a job computed, on the rows that may be judged by them.

    Parameters
    ----------
    rows : DataFrame
        Rows that are in or out: variant, item, cluster, domain, perturbation, tier, role, right
        (of the model, NaN where unknown).
    scores : DataFrame
        One column per detector, in the order of `rows`.
    infos : dict
        Detector -> derived value.
    missing : dict
        Detector -> why nothing is kept of it.
    n_fit : int
        Rows that were fitted on.
    """

    rows: "pd.DataFrame"
    scores: "pd.DataFrame"
    infos: dict[str, "DerivedInfo"]
    missing: dict[str, str]
    n_fit: int


def ask_about(workspace: "Workspace", params: Params) -> Asked:
    """Return the question; a space that is named without a task brings its own."""
    from stresslab.store.vectors import space_of as named

    space = getattr(params, "space", None)
    if params.task is None and space is not None:
        params = replace(params, task=_task(named(workspace, space)))
    return ask(workspace, params)


def space_of(asked: Asked) -> "SpaceInfo | None":
    """Return the space that is asked for: by default the first that says it is of the task.

    Raises
    ------
    ParamError
        If the space does not exist.
    """
    from stresslab.store.vectors import space_of as named

    params: Any = asked.params
    if params.space is not None:
        return named(asked.workspace, params.space)
    whole = [one for one in asked.workspace.spaces() if one.manifest]
    task = asked.question.task
    return next((one for one in whole if _task(one) == task), None) or next(
        (one for one in whole if _task(one) is None), None
    )


def _task(space: "SpaceInfo") -> str | None:
    found = (space.manifest.get("settings") or {}).get("task")
    return None if found is None else str(found)


def model_of(asked: Asked, space: "SpaceInfo") -> str | None:
    """Return the model whose answers count: as asked, as the space says, or named like it.

    Raises
    ------
    ParamError
        If the model that is asked for does not exist.
    """
    params: Any = asked.params
    models = asked.models
    if params.model is not None:
        if params.model not in models:
            raise ParamError(
                f"model must be one of {', '.join(models) or 'none'}; got {params.model!r}."
            )
        return str(params.model)
    said = (space.manifest.get("settings") or {}).get("model")
    named = [one for one in models if one == said or one.startswith(space.space_id)]
    return next(iter(named), None) or next(iter(models), None)


def sides_of(asked: Asked, model: str | None) -> Sides:
    """Return what is in and out of distribution: as asked, as workspace.toml says, else by tier.

    Where nobody says what a model was made for, untouched inputs are in and harder ones are out.
    """
    for split in _ood_split.splits(asked):
        if model is None or model not in split.models or split.inside is None:
            continue
        inside = all_of(split.inside, split.clean)
        assert inside is not None
        params: Any = asked.params
        named = bool(params.out_domains or params.out_where)
        words = (split.in_words, split.out_words if named else "everything else")
        return Sides(inside, split.outside if named else None, *words)
    return Sides(_ood_split.UNTOUCHED, None, "untouched inputs", "harder inputs")


def roles(gathered: "Gathered", asked: Asked, sides: Sides, share: float, seed: int) -> Array:
    """Return the role of each row, shape (n,): whole clusters are fitted on or held out."""
    question = asked.question
    inside = gathered.meeting(asked.workspace, question, sides.inside)
    outside = ~inside
    if sides.outside is not None:
        outside &= gathered.meeting(asked.workspace, question, sides.outside)
    clusters = gathered.rows["cluster"].to_numpy()
    own = np.unique(clusters[inside])
    fitted = np.random.default_rng(seed).permutation(own)[: round(share * len(own))]
    seen = np.isin(clusters, fitted)
    found = np.full(len(clusters), ASIDE)
    found[inside & ~seen] = IN
    found[outside & ~seen] = OUT
    found[inside & seen] = FIT
    return found


def kept(asked: Asked, space: str, model: str | None, names: Sequence[str]) -> Kept:
    """Return the scores that are kept of a space, on the rows of the slice.

    Detectors whose rows or sides are others than those of the newest are left out, with the
    reason: one population for every number.
    """
    from stresslab.analyses._evidence import rows_of
    from stresslab.store.vectors import space_rows

    question = replace(asked.question, population="each")
    infos, missing = _infos(asked, space, model, names)
    rows = rows_of(asked.workspace, question, space_rows(asked.workspace, question, space))
    scores, role = _scores(infos, rows)
    judged = np.isin(role, (IN, OUT))
    table = rows.loc[judged, ["variant", "item", "cluster", "domain", "perturbation", "tier"]]
    right = rows[f"correct.{model}"] if model else np.nan
    table = table.assign(role=role[judged], right=right)
    return Kept(
        table.reset_index(drop=True), scores[judged].reset_index(drop=True), infos, missing,
        int((role == FIT).sum()),
    )  # fmt: skip


def _infos(
    asked: Asked, space: str, model: str | None, names: Sequence[str]
) -> tuple[dict[str, "DerivedInfo"], dict[str, str]]:
    from stresslab.detectors import detectors

    wanted = {f"{space}.{name}": name for name in detectors.names()}
    found = {
        wanted[one.derived_id]: one
        for one in asked.workspace.derived()
        if one.derived_id in wanted and one.kind == "score"
    }
    missing = {name: "not computed" for name in names if name not in found}
    for name, info in list(found.items()):
        recipe = info.manifest.get("recipe") or {}
        if names and name not in names:
            del found[name]
        elif info.is_stale:
            missing[name] = f"out of date: {', '.join(info.changed)} changed"
            del found[name]
        elif recipe.get("model") not in (None, model):
            missing[name] = f"computed for {recipe['model']}"
            del found[name]
    if found:
        newest = max(found.values(), key=lambda one: str(one.manifest.get("created")))
        for name, info in list(found.items()):
            if _split_of(info) != _split_of(newest):
                missing[name] = "computed for another split"
                del found[name]
    return found, missing


def _split_of(info: "DerivedInfo") -> tuple[Any, ...]:
    recipe = info.manifest["recipe"]
    return tuple(recipe.get(name) for name in ("task", "sides", "share", "split_seed"))


def _scores(infos: dict[str, "DerivedInfo"], rows: "pd.DataFrame") -> tuple["pd.DataFrame", Array]:
    """Return scores and roles of `rows`; a row that nothing is kept of is aside."""
    import pandas as pd

    from stresslab.store.derived import read_derived

    scores = pd.DataFrame(index=rows.index)
    role = np.full(len(rows), ASIDE)
    keys = pd.Index(rows["variant_id"])
    for name, info in infos.items():
        table = read_derived(info).set_index("variant_id").reindex(keys)
        scores[name] = table["value"].to_numpy()
        role = table["role"].fillna(ASIDE).to_numpy().astype(int)
    return scores, role
