"""How the columns of a Result look in a table, and which items stand behind one of its rows."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from stresslab.analyses._rest import REST
from stresslab.analyses._sentences import both
from stresslab.figures import theme

HIDDEN = (
    "low", "high", "low_adjusted", "high_adjusted", "sd_cluster", "axis", "unit", "strength",
    "coverage_low", "coverage_high", "drop_low", "drop_high", "slope_low", "slope_high",
    "area_low", "area_high", "slope_low_adjusted", "slope_high_adjusted", "area_low_adjusted",
    "area_high_adjusted", "never_broke_low", "never_broke_high", "never_broke_low_adjusted",
    "never_broke_high_adjusted", "n_tiers", "gain_low", "gain_high",
    "distance_low", "distance_high", "low_in", "high_in", "low_out", "high_out",
    "relative_low", "relative_high", "critical_low", "critical_high", "mix_low", "mix_high",
    "within_low", "within_high", "one_sided_low", "one_sided_high", "gap_low", "gap_high",
    "difference_low", "difference_high", "true_low", "true_high", "error_low", "error_high",
    "mae_low", "mae_high", "bias_low", "bias_high", "rank_low", "rank_high", "is_score",
)  # fmt: skip
"""Ends of intervals are drawn as pictures; they stand in the download."""

LABELS = {
    "n_clusters": "clusters", "n_pairs": "pairs", "n_discordant": "differ", "n_needed": "needed",
    "p_value": "p", "p_adjusted": "p adjusted", "model_a": "model", "model_b": "against",
    "n_abstained": "abstained", "n_refused": "refused", "n_errored": "errored",
    "n_unscored": "unscored", "n_answered": "answered", "n_rows": "rows",
    "n_unmatched": "unmatched", "n_edited": "edited", "n_outcomes": "outcomes",
    "in_training": "in training", "in_training_a": "in training (model)",
    "in_training_b": "in training (against)", "share_never_broke": "never broke",
    "median_break": "half broke by tier", "value_in": "in", "value_out": "out",
    "effective_robustness": "above the line", "n_in": "n in", "n_out": "n out",
    "n_clusters_in": "clusters in", "n_clusters_out": "clusters out", "one_sided": "one side only",
    "may_be_worst": "may be worst", "n_candidates": "may be worst", "share_flat": "flat (share)",
    "mae": "mean |error|", "rank": "rank correlation", "n_blocks": "blocks",
    "n_held": "bounds held", "floor": "if nothing changed", "bound": "off by at most",
    "n_rest": "n elsewhere", "rest": "elsewhere", "n_same": "other names",
}  # fmt: skip

INTERVALS = {
    "value": ("low", "high"), "difference": ("low", "high"), "drop": ("drop_low", "drop_high"),
    "slope": ("slope_low", "slope_high"), "area": ("area_low", "area_high"),
    "share_holding": ("low", "high"), "share_never_broke": ("never_broke_low", "never_broke_high"),
    "coverage": ("coverage_low", "coverage_high"), "value_in": ("low_in", "high_in"),
    "gain": ("gain_low", "gain_high"), "distance": ("distance_low", "distance_high"),
    "value_out": ("low_out", "high_out"), "gap": ("low", "high"), "mix": ("mix_low", "mix_high"),
    "within": ("within_low", "within_high"), "effective_robustness": ("low", "high"),
    "critical": ("critical_low", "critical_high"),
    "relative_gap": ("relative_low", "relative_high"),
    "true": ("true_low", "true_high"), "error": ("error_low", "error_high"),
    "mae": ("mae_low", "mae_high"), "bias": ("bias_low", "bias_high"),
    "rank": ("rank_low", "rank_high"),
    "than_elsewhere": ("low_adjusted", "high_adjusted"),
}  # fmt: skip


def prepared(
    frame: pd.DataFrame,
    styles: Mapping[str, theme.Style],
    titles: Mapping[str, str],
    mode: str,
    columns: Sequence[str] | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return a table to look at and the configuration of its columns."""
    shown = pd.DataFrame(index=frame.index)
    config: dict[str, Any] = {}
    names = [name for name in (columns or frame.columns) if name in frame and name not in HIDDEN]
    for name in names:
        values = frame[name]
        if name in ("model", "model_a", "model_b", "baseline"):
            shown[name] = [styles[one].name if one in styles else one for one in values]
        elif name == "created":
            shown[name] = values.str.slice(0, 16).str.replace("T", " ")
        elif name == "perturbation":
            shown[name] = [_title(one, titles) for one in values]
        elif name in ("p_value", "p_adjusted"):
            shown[name] = [_probability(one) for one in values]
        else:
            shown[name] = values
        label = LABELS.get(name, name.replace("_", " "))
        if name == "rank" and pd.api.types.is_integer_dtype(values):
            label = "place"
        config[name] = _column(name, values, label)
        ends = INTERVALS.get(name, ("", ""))
        if set(ends) <= set(frame.columns):
            picture = f"{name}_interval"
            shown[picture] = intervals(values, frame[ends[0]], frame[ends[1]], mode)
            config[picture] = st.column_config.ImageColumn("interval", width=150)
    return shown, config


def intervals(values: Any, lows: Any, highs: Any, mode: str) -> list[str | None]:
    """Return one small picture per row: the interval, the value, the ends as text.

    All rows share one scale: 0 to 1 for shares, else from the lowest to the highest end.
    """
    known = pd.concat([pd.Series(lows), pd.Series(highs)]).astype(float).dropna()
    if known.empty:
        return [None] * len(list(values))
    least, most = float(known.min()), float(known.max())
    if least >= 0 and most <= 1:
        least, most = 0.0, 1.0
    elif least < 0 < most or most <= 0:
        reach = max(abs(least), abs(most))
        least, most = -reach, reach
    rows = zip(values, lows, highs, strict=True)
    return [_picture(*row, least, most, mode) for row in rows]


def items_query(row: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query parameters of the Items page for the rows behind one row of a table."""
    from pages.ui.slices import narrowed

    where = "".join(kept.get("where") or [""])
    for name, value in row.items():
        sliced = name in ("domain", "perturbation", "tier") or name.startswith(
            ("item.", "variant.")
        )
        if sliced and value is not None and not pd.isna(value):
            plainly = int(value) if name == "tier" else value
            where = narrowed(where, name, [plainly.item() if hasattr(plainly, "item") else plainly])
    if isinstance(row.get("where"), str):
        where = both(where, row["where"])
    chosen = {name: value for name, value in kept.items() if name in ("workspace", "task")}
    models = [row[name] for name in ("model", "model_a", "model_b") if name in row]
    models = [one for one in models if one != REST]
    chosen |= {"models": models} if models else {}
    return chosen | ({"where": where} if where else {})


def _title(value: Any, titles: Mapping[str, str]) -> str:
    return "untouched" if value is None or pd.isna(value) else titles.get(str(value), str(value))


def _probability(value: Any) -> str | None:
    if value is None or pd.isna(value):
        return None
    return "<.001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def _column(name: str, values: pd.Series, label: str) -> Any:
    kind = values.dtype.kind
    if name in ("p_value", "p_adjusted"):
        return st.column_config.Column(label, width="small", alignment="right")
    if name in ("published", "recomputed"):
        return st.column_config.NumberColumn(label, format="%.6f")
    if kind == "f":
        whole = name.startswith("n_") or name == "tier"
        return st.column_config.NumberColumn(label, format="%.0f" if whole else "%.2f")
    if kind in "iu":
        return st.column_config.NumberColumn(label, format="localized")
    return st.column_config.Column(label)


def _picture(value: Any, low: Any, high: Any, least: float, most: float, mode: str) -> str | None:
    if any(one is None or pd.isna(one) for one in (value, low, high)):
        return None
    look = theme.tokens("dark" if mode == "dark" else "light")
    a, b, c = (8 + 104 * (float(one) - least) / ((most - least) or 1) for one in (low, value, high))
    zero = 8 + 104 * (0 - least) / ((most - least) or 1)
    middle = f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="3" y2="21" stroke="{look.line}"/>'
    said = f"{theme.number(value)} {theme.interval(low, high)}"
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="24" '
        'viewBox="0 0 120 24" role="img">'
        f"<title>{said}</title>{middle if least < 0 else ''}"
        f'<line x1="8" x2="112" y1="12" y2="12" stroke="{look.line}"/>'
        f'<line x1="{a:.1f}" x2="{c:.1f}" y1="12" y2="12" stroke="{look.accent}" '
        f'stroke-width="3" stroke-linecap="round"/>'
        f'<circle cx="{b:.1f}" cy="12" r="4" fill="{look.accent}"/></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def readable(reference: Any) -> str:
    """Return a reference as people read it: JSON text without its quotes."""
    try:
        value = json.loads(reference)
    except (TypeError, ValueError):
        return "" if reference is None else str(reference)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def short(text: Any, most: int = 60) -> str:
    """Return an answer on one line, cut where it is longer than a cell shows."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
