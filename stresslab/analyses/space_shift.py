"""Say how far harder inputs, and other domains, lie from where a space was at home."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _ood_split, _sentences, _shift_words, _space_cells, _value
from stresslab.analyses._ask import Asked, ask, no_rows
from stresslab.analyses._evidence import Gathered
from stresslab.analyses._kind import Analysis
from stresslab.analyses._ood_params import OodGapParams
from stresslab.checks import Array
from stresslab.errors import StresslabError
from stresslab.evidence import Evidence, finite_rows
from stresslab.params import setting
from stresslab.result import Column, Result, Warn
from stresslab.rng import rng_for
from stresslab.stats.correct import adjust
from stresslab.stats.jackknife import ends, jackknife

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

USUAL = ("mmd", "energy_distance", "sliced_wasserstein", "nearest_neighbour", "domain_classifier")
TIER, DOMAIN = "clean to tier", "train to domain"


@dataclass(frozen=True, kw_only=True)
class ShiftParams(OodGapParams):
    """Settings of distances between clouds of one space."""

    space: str = setting("", "Space of the vectors; the first of the task when empty.")
    measures: tuple[str, ...] = setting(
        USUAL, "Measures of two clouds, as in `stresslab list geometry` without `between.`."
    )
    sample: int = setting(200, "Most vectors of either side, whole items at random.", low=20)
    permutations: int = setting(99, "Permutations of items behind a p value.", low=19, high=9999)


@dataclass(frozen=True, eq=False)
class _Sides:
    """Two clouds stacked, the first one first."""

    label: dict[str, Any]
    evidence: Evidence
    second: Array
    clusters: Array
    blocks: Array


def run(workspace: "Workspace", params: ShiftParams) -> Result:
    """Return distances with a jackknife interval and a permutation p value, corrected."""
    asked = ask(workspace, params)
    warnings = list(asked.question.warnings)
    space = None if asked.empty else _space_cells.space_of_task(asked, params.space)
    rows: list[dict[str, Any]] = []
    if space is None:
        warnings += [] if asked.empty else [_space_cells.no_space()]
    else:
        found = _space_cells.gathered(asked, space.space_id)
        warnings += [*found.warnings, *_whose_home(asked, found)]
        for sides in _pairs(asked, found, params):
            for name in params.measures:
                rows += _compared(name, sides, params, warnings)
    if not rows:
        warnings.append(no_rows(asked))
    table = _table(rows, params)
    link = asked.link | ({"space": space.space_id} if space else {})
    return Result(
        analysis="space_shift",
        params=asked.settings | {"space": space.space_id if space else params.space},
        tables={
            "space_shift": table,
            "headlines": _sentences.table(_shift_words.headlines(table, link)),
        },
        warnings=_value.together(warnings),
        data_version=workspace.data_version,
        columns={
            "space_shift": {
                "value": Column("number", "of its own kind; see the measure"),
                "low": Column("number", f"{params.level:.0%} block-jackknife interval"),
                "high": Column("number", f"{params.level:.0%} block-jackknife interval"),
                "null": Column("number", "mean over permutations of items"),
            }
        },
    )


def _whose_home(asked: Asked, found: Gathered) -> list[Warn]:
    """Return whose training says what home is, where the space does not and models disagree."""
    splits = [one for one in _ood_split.splits(asked) if one.whole]
    said = (found.space.manifest.get("settings") or {}).get("model")
    if len(splits) < 2 or said in asked.question.models:
        return []
    first = next((one for one in splits if found.model in one.models), splits[0])
    text = f"The space names no model asked for: home is that of {first.models[0]} "
    return [Warn("home-of", f"{text}({first.in_words}). Name another in models or in_domains.")]


def _pairs(asked: Asked, found: Gathered, params: ShiftParams) -> list[_Sides]:
    """Return untouched inputs beside every tier, and trained-on domains beside every other."""
    rows = found.rows
    clean = (rows["tier"] == 0).to_numpy()
    made = []
    tiers = rows.loc[~clean, ["perturbation", "tier"]].drop_duplicates()
    for one in tiers.sort_values(["perturbation", "tier"]).to_dict("records"):
        mine = ((rows["perturbation"] == one["perturbation"]) & (rows["tier"] == one["tier"])).array
        label: dict[str, Any] = {"kind": TIER, "from": "untouched", "to": str(one["perturbation"])}
        made.append(_sides(found, clean, np.asarray(mine), label | {"tier": one["tier"]}, params))
    splits = [one for one in _ood_split.splits(asked) if one.whole]
    mine_first = sorted(splits, key=lambda one: found.model not in one.models)
    if mine_first and clean.any():
        split = mine_first[0]
        inside = clean & found.meeting(asked.workspace, asked.question, split.inside)
        outside = clean & found.meeting(asked.workspace, asked.question, split.outside)
        for name in sorted(rows.loc[outside, "domain"].dropna().unique()):
            there = outside & (rows["domain"] == name).to_numpy()
            label = {"kind": DOMAIN, "from": split.in_words, "to": str(name), "tier": 0}
            made.append(_sides(found, inside, there, label, params))
    return [one for one in made if one is not None]


def _sides(
    found: Gathered, first: Array, second: Array, label: dict[str, Any], params: ShiftParams
) -> _Sides | None:
    clusters = found.rows["cluster"].to_numpy()
    rank = _space_cells.ranks(clusters, params.seed)
    keep = finite_rows(found.evidence)
    drawn = []
    for side in (first, second):
        places = np.flatnonzero(side & keep)
        drawn.append(places[np.argsort(rank[places], kind="stable")][: params.sample])
    if min(map(len, drawn)) < _space_cells.FEWEST:
        return None
    places = np.concatenate(drawn)
    return _Sides(
        label, Evidence(features=found.evidence.features[places]),  # type: ignore[index]
        np.repeat([False, True], [len(one) for one in drawn]), clusters[places],
        rank[places] % _space_cells.BLOCKS,
    )  # fmt: skip


def _compared(
    name: str, sides: _Sides, params: ShiftParams, warnings: list[Warn]
) -> list[dict[str, Any]]:
    from stresslab import geometry

    piece = geometry.get(f"between.{name}")

    def of(mask: Array, second: Array = sides.second) -> Mapping[str, float]:
        parts = (sides.evidence.take(mask & (second == one)) for one in (False, True))
        values: dict[str, float] = piece.compute(*parts, rng=rng_for("shift", params.seed, name))
        return values

    everyone = np.ones(len(sides.second), dtype=bool)
    try:
        found = jackknife(of, sides.blocks)
        rng = rng_for("shift permuted", params.seed, name, str(sides.label))
        drawn = [of(everyone, permuted(sides.second, sides.clusters, rng))
                 for _ in range(params.permutations)]  # fmt: skip
    except StresslabError as error:
        warnings.append(Warn("not-measured", f"{piece.title}: {error}"))
        return []
    made = []
    for marker, value in found.values.items():
        low, high = ends(value, found.error(marker), len(np.unique(sides.blocks)), params.level)
        null = np.array([one[marker] for one in drawn])
        made.append(
            sides.label
            | {
                "measure": name, "marker": marker, "value": value,
                "low": float(np.clip(low, *piece.bounds[marker])),
                "high": float(np.clip(high, *piece.bounds[marker])),
                "n": len(sides.second), "n_clusters": len(np.unique(sides.clusters)),
                "null": float(null.mean()),
                "p_value": float((1 + (null >= value - 1e-12).sum()) / (1 + len(null))),
            }
        )  # fmt: skip
    return made


def permuted(second: Array, clusters: Array, rng: np.random.Generator) -> Array:
    """Return sides drawn anew: items on both sides swap theirs, items on one side are dealt out."""
    names, code = np.unique(clusters, return_inverse=True)
    on = [np.bincount(code[second == one], minlength=len(names)) > 0 for one in (False, True)]
    both = on[0] & on[1]
    swap = both & (rng.random(len(names)) < 0.5)
    side = on[1] & ~both
    side[~both] = rng.permutation(side[~both])
    found: Array = np.where(both[code], second ^ swap[code], side[code])
    return found


def _table(rows: list[dict[str, Any]], params: ShiftParams) -> "pd.DataFrame":
    import pandas as pd

    kinds: dict[str, Any] = dict.fromkeys(("kind", "from", "to"), "str") | {"tier": "int64"}
    kinds |= dict.fromkeys(("measure", "marker"), "str")
    kinds |= dict.fromkeys(("value", "low", "high"), "float64")
    kinds |= dict.fromkeys(("n", "n_clusters"), "int64")
    kinds |= dict.fromkeys(("null", "p_value"), "float64")
    table = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    table["p_adjusted"] = adjust(table["p_value"].to_numpy(), params.correction)
    moved = table["p_adjusted"] < 1 - params.level
    table["says"] = pd.Series(np.where(moved, "shifted", "cannot tell"), dtype="str")
    return table


PIECE = Analysis(
    title="Shift of a space",
    question="How far do harder inputs and other domains lie from where the space was at home?",
    params=ShiftParams,
    run=run,
    figures=("lines",),
    source="Gretton et al. (2012) and the sources of the measures; permutation of items.",
)
