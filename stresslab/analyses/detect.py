"""Compare detectors by scores that are kept: what they find and miss, and what dropping gains."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from stresslab.analyses import _detect_rows, _detect_tables, _detect_tiers, _sentences, _value
from stresslab.analyses import _sentences_detect as rules
from stresslab.analyses._ask import Asked, no_rows
from stresslab.analyses._kind import Analysis
from stresslab.params import Params, setting
from stresslab.result import Column, Result, Warn

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("value", "low", "high")
EMPTY = {
    "detect": (
        "detector", "label", *NUMBERS, "average_precision", "average_precision_low",
        "average_precision_high", "missed", "missed_low", "missed_high", "n", "n_in", "n_out",
        "n_clusters",
    ),
    "domains": ("detector", "label", "domain", *NUMBERS, "n", "n_in", "n_clusters"),
    "tiers": (
        "detector", "label", "perturbation", "tier", *NUMBERS, "n", "n_in", "n_clusters",
    ),
    "tier_response": _detect_tiers.COLUMNS,
    "roc": ("detector", "label", "x", "found"),
    "distribution": ("detector", "label", "group", "tier", "median", "x", "density", "n"),
    "dropping": (
        "detector", "label", "all_rows", "kept_rows", "gain", "gain_low", "gain_high", "aurc",
        "aurc_low", "aurc_high", "n", "n_clusters",
    ),
    "risk_coverage": ("detector", "label", "dropped", *NUMBERS, "n", "n_clusters"),
    "thresholds": (
        "detector", "label", "kept", "threshold", "found", "found_low", "found_high", "alarms",
        "alarms_low", "alarms_high", "wrong_beyond", "wrong_beyond_low", "wrong_beyond_high",
        "wrong_within", "wrong_within_low", "wrong_within_high", "n_beyond", "n", "condition",
    ),
}  # fmt: skip
WORDS = ("detector", "label", "domain", "perturbation", "group", "verdict", "condition")
WHOLE = ("n", "n_in", "n_out", "n_clusters", "n_beyond", "tier")


@dataclass(frozen=True, kw_only=True)
class DetectParams(Params):
    """Settings of a comparison of detectors."""

    space: str | None = setting(None, "Space of the vectors; the first of the task when empty.")
    model: str | None = setting(
        None, "Model whose answers and probabilities count; the one of the space when empty."
    )
    detectors: tuple[str, ...] = setting((), "Detectors; all whose scores are kept when empty.")
    dropped: float = setting(0.2, "Share of the least familiar rows dropped.", low=0.0, high=0.95)
    share: float = setting(
        0.5, "Share of the items in distribution that are fitted on.", low=0.05, high=0.95
    )
    inputs: Literal["clean", "all"] = setting(
        "clean", "clean: only untouched inputs are in distribution; all: harder ones, too."
    )
    in_domains: tuple[str, ...] = setting(
        (), "Domains that are in distribution; what workspace.toml says of the model when empty."
    )
    out_domains: tuple[str, ...] = setting(
        (), "Domains that are out of distribution; everything else when empty."
    )
    in_where: str = setting("", "Condition for what is in distribution, in place of domains.")
    out_where: str = setting("", "Condition for what is out of distribution.")


def run(workspace: Any, params: DetectParams) -> Result:
    """Return what every detector finds of the rows out of distribution."""
    asked = _detect_rows.ask_about(workspace, params)
    space = None if asked.empty else _detect_rows.space_of(asked)
    settings = asked.settings
    if space is None:
        lack = Warn("no-space", "No space holds vectors of this task. `stresslab embed` makes one.")
        return _result(asked, settings, _empty(), [*_bare(asked), lack])
    model = _detect_rows.model_of(asked, space)
    settings |= {"space": space.space_id, "model": model}
    kept = _detect_rows.kept(asked, space.space_id, model, params.detectors)
    if not kept.infos:
        text = (
            f"No scores of space {space.space_id} are kept yet: `stresslab detect "
            f"{space.space_id}` computes them."
        )
        said = [*_bare(asked), Warn("no-scores", text, 0), *_missing(kept)]
        return _result(asked, settings, _empty(), said)
    out = (kept.rows["role"] == _detect_rows.OUT).to_numpy()
    settings["detectors"] = list(kept.infos)
    if not out.any() or out.all():
        tables = _empty()
        return _result(asked, settings, tables, [no_rows(asked), *_missing(kept)])
    tables = _tables(asked, kept, space.space_id, out)
    sides = _detect_rows.sides_of(asked, model)
    name = asked.names.get(model or "", model or "")
    facts = rules.Found(
        tables, sides.in_words, sides.out_words, name, params.dropped, asked.titles, asked.link
    )  # fmt: skip
    tables["headlines"] = _sentences.table(rules.headlines(facts))
    return _result(asked, settings, tables, [*_cautions(kept, tables), *_missing(kept)])


def _tables(
    asked: Asked, kept: _detect_rows.Kept, space: str, out: Any
) -> dict[str, "pd.DataFrame"]:
    from stresslab.detectors import detectors

    params: Any = asked.params
    titles = {name: detectors.get(name).title for name in map(str, kept.scores)}
    rows = kept.rows.assign(domain=kept.rows["domain"].fillna("no domain"))
    of = _detect_tables.judged(rows, kept.scores, titles, params.level, params.seed)
    areas, pairs = _detect_tables.areas(of)
    ordered = _detect_tables.Judged(
        of.rows, of.scores[areas["detector"].tolist()], titles, of.weights, of.level
    )
    plain = rows["perturbation"].isna().to_numpy()
    curves, gains = _detect_tables.risks(ordered, params.dropped)
    return {
        "detect": areas,
        "pairs": pairs,
        "domains": _detect_tables.cells(ordered, ("domain",), out & plain),
        "tiers": _detect_tables.cells(ordered, ("perturbation", "tier"), out & ~plain),
        "tier_response": _detect_tiers.response(ordered, asked.graded),
        "roc": _detect_tables.roc(ordered),
        "distribution": _detect_tables.distributions(ordered),
        "dropping": gains,
        "risk_coverage": curves,
        "thresholds": _detect_tables.thresholds(ordered, space),
    }


def _bare(asked: Asked) -> list[Warn]:
    """Return that the slice holds nothing, where it does not."""
    if asked.empty or not _value.values(asked, ())["n"].any():
        return [no_rows(asked)]
    return []


def _empty() -> dict[str, "pd.DataFrame"]:
    def kind(name: str) -> str:
        return "str" if name in WORDS else "int64" if name in WHOLE else "float64"

    tables = {
        table: _value.frame({name: kind(name) for name in columns})
        for table, columns in EMPTY.items()
    }
    order = {"detect": tables.pop("detect"), "pairs": _detect_tables.no_differences()}
    return order | tables


def _cautions(kept: _detect_rows.Kept, tables: dict[str, "pd.DataFrame"]) -> list[Warn]:
    n_in = int((kept.rows["role"] == _detect_rows.IN).sum())
    text = f"{kept.n_fit:,} rows in distribution were fitted on, {n_in:,} others are judged."
    said = [Warn("fitted", text, kept.n_fit)]
    few = kept.rows.loc[kept.rows["role"] == _detect_rows.IN, "cluster"].nunique()
    if few < _value.FEW:
        text = f"Only {few} independent items in distribution are judged: no intervals."
        said.append(Warn("few-clusters", text, few))
    unscored = int(np.isnan(kept.rows["right"].to_numpy(dtype=float)).sum())
    if unscored:
        text = f"{unscored:,} rows whose answer was not scored are left out of what dropping gains."
        said.append(Warn("unscored", text, unscored))
    return said


def _missing(kept: _detect_rows.Kept) -> list[Warn]:
    """Return why scores are not there; what was never computed is told only where asked for."""
    reasons: dict[str, list[str]] = {}
    for name, reason in kept.missing.items():
        reasons.setdefault(reason, []).append(name)
    return [
        Warn("left-out", f"Left out, {reason}: {', '.join(names)}.", len(names))
        for reason, names in reasons.items()
    ]


def _result(
    asked: Asked, settings: dict[str, Any], tables: dict[str, "pd.DataFrame"], warnings: list[Warn]
) -> Result:
    if "headlines" not in tables or tables["headlines"].empty:
        said = warnings[0].message.replace("`", "")  # a command, set apart in the remarks only
        tables = tables | {"headlines": _sentences.table([_sentences.Sentence("nothing", said)])}
    level = f"{asked.params.level:.0%} interval, clusters as units"
    area = Column(
        "number", "chance that a row out of distribution scores higher", "larger is better"
    )
    return Result(
        analysis="detect",
        params=settings,
        tables=tables,
        warnings=_value.together([*asked.question.warnings, *warnings]),
        data_version=asked.workspace.data_version,
        columns={
            "detect": {
                "value": area,
                "low": Column("number", level),
                "high": Column("number", level),
                "average_precision": Column("number", "rows out are flagged", "larger is better"),
                "missed": Column(
                    "number", "share of rows out that pass where 95 % in pass (FPR@95)",
                    "smaller is better",
                ),
            },
            "domains": {"value": area},
            "tiers": {"value": area},
            "dropping": {
                "aurc": Column("number", "mean risk over coverages", "smaller is better"),
                "gain": Column("number", "share right: kept less all rows", "larger is better"),
            },
        },
    )  # fmt: skip


PIECE = Analysis(
    title="Detectors",
    question="Which score tells inputs the model was not made for, and what does it help?",
    params=DetectParams,
    run=run,
    figures=("dots", "matrix", "lines", "ridge"),
    source=(
        "Areas: Obuchowski (1997); average precision, misses and risks: bootstrap over clusters; "
        "risk over coverage: Geifman et al. (2019)."
    ),
)
