"""Estimates without labels: the space they may read, those that are kept, how they are drawn."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import compute, state
from pages.ui.compute import Open
from pages.ui.words import plain
from stresslab.params import Params
from stresslab.result import Result
from stresslab.saved_slices import expand_params

COLUMNS = (
    "model", "title", "domain", "perturbation", "tier", "value", "low", "high", "true", "true_low",
    "true_high", "error", "error_low", "error_high", "n", "n_clusters",
)  # fmt: skip


def choose(opened: Open) -> dict[str, Any]:
    """Draw the choice of a space and return it as a setting."""
    spaces = [one.space_id for one in opened.workspace.spaces()]
    if not spaces:
        return {"space": None}
    told = state.bound(
        "space",
        lambda key: st.selectbox(
            "Vectors of", ["", *spaces], key=key, width=170,
            format_func=lambda one: plain(one) or "no space",
            help="Lets estimators read vectors: labels of neighbours, importance weighting.",
        ),
        default="", read=lambda texts: texts[0] if texts[0] in spaces else "",
    )  # fmt: skip
    return {"space": told or None}


def result(params: Any, opened: Open) -> Result:
    """Return the answer: computed where it is quick, else what a job kept, or offer the job."""
    from stresslab.analyses.estimate import is_slow
    from stresslab.jobs import background
    from stresslab.jobs.estimate import estimate
    from stresslab.store.kept import kept_result

    if not is_slow(params):
        return compute.run("estimate", params, opened)
    asked: Params = expand_params(params, opened.workspace.config.slices)
    kept = kept_result(opened.workspace, "estimate", asked)
    if kept is not None:
        return kept
    name = f"estimates {asked.to_dict()} in {opened.workspace.path}"
    work = background.find(name)
    st.markdown("Estimates that read vectors take a minute; they are kept once they are computed.")
    if work is None and st.button("Compute them", type="primary"):
        work = background.start(
            name, "estimates", lambda: estimate(opened.workspace, asked.to_dict())
        )
    if work is not None and work.is_running:
        st.progress(0.0, text=plain(work.progress.message if work.progress else "…"))
        st.button("Look again", icon=":material/refresh:")
    elif work is not None and work.error:
        st.error(plain(work.error))
    elif work is not None:
        background.forget(name)
        st.rerun()
    st.stop()


def drawn(table: pd.DataFrame) -> pd.DataFrame:
    """Return estimates as the scatter takes them, those of the floor last and scores left out."""
    known = table[table["true"].notna() & ~table["is_score"]]
    known = known.sort_values("estimator", key=lambda one: one == "unchanged", kind="stable")
    return known.assign(
        x=known["true"], x_low=known["true_low"], x_high=known["true_high"], y=known["value"],
        y_low=known["low"], y_high=known["high"],
        cell=[_cell(row) for row in known.to_dict("records")],
    )  # fmt: skip


def _cell(row: dict[Any, Any]) -> str:
    said = row["domain"] or "all"
    return f"{said}, {row['perturbation']} {row['tier']}" if row["perturbation"] else str(said)
