"""The cached door: open the workspace, run an analysis once per settings and data version."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.ui import state
from pages.ui.words import plain
from stresslab import Workspace, analyses
from stresslab.errors import StresslabError
from stresslab.figures import theme
from stresslab.metrics import Metric
from stresslab.params import Params
from stresslab.result import Result
from stresslab.saved_slices import expand_params
from stresslab.store.kept import kept_result


@dataclass(frozen=True)
class Open:
    """An open workspace, what it holds, and how its models are drawn."""

    workspace: Any
    contents: Any
    styles: dict[str, theme.Style]

    def title(self, task: str) -> str:
        """Return the name people read for a task."""
        return self._names(self.contents.tasks, "task", "title").get(task, task)

    def titles(self, task: str) -> dict[str, str]:
        """Return the names people read for the perturbations of a task."""
        table = self.contents.perturbations
        return self._names(table[table["task"] == task], "perturbation", "title")

    def names(self, task: str) -> dict[str, str]:
        """Return the names people read for models and perturbations of a task."""
        models = {model: style.name for model, style in self.styles.items()}
        return models | {"None": "untouched", "nan": "untouched"} | self.titles(task)

    def chance(self, task: str, metric: str) -> float | None:
        """Return the level of a guess where the metric is a score."""
        table = self.contents.tasks
        found = table.loc[table["task"] == task, "chance"].dropna()
        told = metric in ("score", "selective_score", "correct")
        return float(found.iloc[0]) if told and len(found) else None

    def models(self, task: str) -> list[str]:
        """Return the models of a task, those below the coverage line last."""
        from stresslab.store.contents import COVERAGE_LINE

        table = self.contents.models
        mine = table[table["task"] == task]
        below = mine["coverage"] < COVERAGE_LINE
        return [*mine.loc[~below, "model"], *mine.loc[below, "model"]]

    def _names(self, table: Any, key: str, name: str) -> dict[str, str]:
        return {
            str(one): str(title) if isinstance(title, str) and title else str(one)
            for one, title in zip(table[key], table[name], strict=True)
        }


def workspace_or_stop(*, empty: bool = False) -> Open:
    """Return the chosen workspace; without outcomes say what to do and stop.

    Parameters
    ----------
    empty : bool
        Go on with a workspace that holds nothing yet.
    """
    from stresslab.store.contents import contents

    name = state.told(state.WORKSPACE)
    path = state.folders()[name or ""]
    try:
        workspace = Workspace.open(path)
        with st.spinner("Reading the workspace …", show_time=False):
            known = contents(workspace)
    except StresslabError as error:
        st.subheader("This workspace cannot be opened", anchor=False)
        st.error(plain(error))
        st.caption("Nothing was changed. Choose another workspace on the left, or repair this one.")
        st.stop()
    if known.default_task is None and not empty:
        _empty(len(workspace.runs()))
        st.stop()
    table = known.models.drop_duplicates("model")
    styles = theme.styles(
        table["model"],
        colours=dict(zip(table["model"], table["colour"], strict=True)),
        names=dict(zip(table["model"], table["alias"], strict=True)),
    )
    return Open(workspace, known, styles)


def run(analysis: str, params: Params, opened: Open) -> Result:
    """Return the result of an analysis; an error becomes a sentence and stops the page."""
    workspace = opened.workspace
    try:
        params = expand_params(params, workspace.config.slices)  # part of the key of the cache
        return _run(analysis, params, workspace.data_version, str(workspace.path), workspace)
    except StresslabError as error:
        st.error(plain(error))
        st.caption("Nothing was changed. Correct the setting above, or clear the slice.")
        st.stop()


def metric(opened: Open, task: str, name: str) -> Metric:
    """Return the metric of that name, or the mean of the measure."""
    from stresslab import metrics

    if name in metrics.names():
        return metrics.get(name)
    table = opened.contents.measures
    rows = table[(table["task"] == task) & (table["measure"] == name)]
    return metrics.measure_metric(name, rows.iloc[0].to_dict())


@st.cache_data(show_spinner=False, max_entries=200)
def _run(analysis: str, params: Params, data_version: str, path: str, _workspace: Any) -> Result:
    kept = kept_result(_workspace, analysis, params)
    return analyses.get(analysis).run(_workspace, params) if kept is None else kept


def _empty(n_runs: int) -> None:
    st.subheader("Nothing to look at yet", anchor=False)
    if n_runs:
        st.markdown(
            f"The {n_runs:,} runs of this workspace hold published numbers and no outcomes. "
            "Bring in the outcomes behind them, or look at another workspace."
        )
    else:
        st.markdown("This workspace holds no outcomes. Bring in your own, or look at another one.")
    with st.container(horizontal=True):
        if st.button("Bring in your own", type="primary"):
            st.switch_page("pages/180_import.py", query_params=state.as_query({}))
        others = [name for name in state.folders() if name != state.told(state.WORKSPACE)]
        if others and st.button(f"Open {plain(others[0])}"):
            st.switch_page("pages/110_overview.py", query_params={state.WORKSPACE: others[0]})
