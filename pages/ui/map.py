"""The map of a space: its controls, what a drag on it means, the images behind its points."""

import json
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import show, state
from pages.ui.compute import Open
from pages.ui.words import plain
from stresslab.analyses._map_points import COLOURS
from stresslab.figures import figures
from stresslab.params import Params
from stresslab.result import Result
from stresslab.stats.polygon import simplified

MODES = {"lasso": "Lasso", "box": "Box", "zoom": "Zoom"}
FEW_CORNERS = 60
"""Of an outline in the address; a link must stay short enough to send."""

COLUMNS = (
    "region", "value", "low", "high", "n", "n_clusters", "rest", "expected", "verdict", "terms",
)  # fmt: skip


def choose(opened: Open) -> dict[str, Any]:
    """Draw the controls of the map and return its settings."""
    task = state.told("task") or opened.contents.default_task or ""
    mine = opened.contents.attributes
    mine = mine[mine["task"] == task]
    maps = sorted(
        (name.removeprefix("derived.").removesuffix(".x")
         for name in mine["name"] if name.startswith("derived.") and name.endswith(".x")),
        key=lambda one: (not one.endswith(".umap"), one),
    )  # fmt: skip
    few = mine[(mine["n_values"] >= 2) & ((mine["type"] != "text") | (mine["n_values"] <= 12))]
    attributes = [one for one in few["name"] if not one.startswith("derived.")]
    paths = opened.contents.perturbations
    paths = paths[(paths["task"] == task) & (paths["axis"] == "paired")]
    with st.container(key="map_controls", horizontal=True, vertical_alignment="bottom"):
        colour = _select("colour", "Colour", [*COLOURS, *attributes], "failure", width=170)
        first = next(iter(maps), "")
        chosen = _select("map", "Map", maps or [""], first, width=170, empty="none")
        beside = _select("beside", "Beside", ["", *maps], "", width=150, empty="nothing")
        names = ["", *paths["perturbation"]]
        path = _select("perturbation", "Path under", names, "", width=160, empty="none")
        tiers = [0]
        if path:
            held = paths.loc[paths["perturbation"] == path, "tiers"].iloc[0]
            tiers = [int(one) for one in held if one > 0]
        tier = _tier(tiers) if path else 0
        drag = st.segmented_control(
            "Drag to", list(MODES), default="lasso", key="drag", format_func=MODES.get, width=210
        )
    st.session_state["_drag"] = drag or "lasso"
    return {
        "map": chosen, "beside": beside, "colour": colour, "perturbation": path, "tier": tier,
        "region": state.told("region") or "", "view": state.told("view") or "",
    }  # fmt: skip


def draw(result: Result, params: Params) -> None:
    """Draw the map, the one beside it, and act on what was dragged."""
    told: Any = params
    tables = result.tables
    drag = st.session_state.get("_drag", "lasso")
    how = {
        "mode": show.mode(), "colour": told.colour, "colours": tables["colours"],
        "drag": "lasso" if drag == "lasso" else "select", "region": told.region,
        "narrow": bool(st.session_state.get(state.NARROW)),
    }  # fmt: skip
    first = figures.get("embedding_map").draw(
        tables["points"], raster=tables["raster"], frame=tables["frame"],
        arrows=tables["arrows"], view=bool(told.view), title=result.params["map"], **how,
    )  # fmt: skip
    places = show.side_by_side(1, 1) if told.beside else [st.container()]
    with places[0]:
        key = f"map_{hash((told.region, told.view, told.map, told.colour, drag))}"
        event: Any = st.plotly_chart(
            first, theme=None, config={"displayModeBar": False}, key=key, on_select="rerun",
            selection_mode=("lasso", "box"), alt="Points of the map, a colour each",
        )  # fmt: skip
    if told.beside:
        with places[1]:
            second = figures.get("embedding_map").draw(
                tables["points"], axes=("x2", "y2"), title=told.beside, **how
            )
            st.plotly_chart(
                second, theme=None, config={"displayModeBar": False}, key=f"beside_{key}",
                alt="The same inputs in the other space",
            )  # fmt: skip
            st.caption("The same inputs; what you drag around on the left is bright on the right.")
    st.caption(plain((first.layout.meta or {}).get("caption") or ""))
    _act(event.selection, drag)
    _buttons(told)


def _select(
    name: str, label: str, options: list[str], default: str, *, width: int, empty: str = ""
) -> str:
    return str(
        state.bound(
            name,
            lambda key: st.selectbox(
                label, options, key=key, width=width, format_func=lambda one: one or empty
            ),
            default=default, read=lambda texts: options[options.index(texts[0])],
        )
    )  # fmt: skip


def _tier(tiers: list[int]) -> int:
    return int(
        state.bound(
            "tier",
            lambda key: st.select_slider("to tier", tiers, key=key, width=150),
            default=tiers[-1], read=lambda texts: tiers[tiers.index(int(texts[0]))],
        )
    )  # fmt: skip


def corners_of(selection: Any) -> list[tuple[float, float]]:
    """Return the outline of what was dragged, empty if nothing was."""
    for shape in selection.get("lasso") or ():
        return [(float(x), float(y)) for x, y in zip(shape["x"], shape["y"], strict=True)]
    for shape in selection.get("box") or ():
        (x0, x1), (y0, y1) = sorted(shape["x"][:2]), sorted(shape["y"][:2])
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    return []


def _act(selection: Any, drag: str) -> None:
    """Turn a drag into a region or a view, in the address."""
    corners = corners_of(selection)
    if len(corners) < 3:
        return
    if drag == "zoom":
        x, y = zip(*corners, strict=True)
        state.tell("view", [f"{min(x):.4f},{max(x):.4f},{min(y):.4f},{max(y):.4f}"])
    else:
        outline = simplified(corners, FEW_CORNERS)
        state.tell("region", [json.dumps([[round(x, 3), round(y, 3)] for x, y in outline])])
    st.rerun()


def _buttons(told: Any) -> None:
    if not (told.region or told.view):
        return
    with st.container(horizontal=True):
        if told.view and st.button("Whole map", icon=":material/zoom_out_map:"):
            state.tell("view", None)
            st.rerun()
        if told.region and st.button("Forget the region", icon=":material/close:"):
            state.tell("region", None)
            st.rerun()


def linked(table: pd.DataFrame) -> pd.DataFrame:
    """Return the regions with the condition that leads from a row to its items."""
    return table.assign(where=table["condition"])


def missing(result: Result, opened: Open) -> None:
    """Say how to draw a map, and offer to draw it here, where there is none."""
    from stresslab.jobs import background
    from stresslab.jobs.project import project

    codes = {one.code for one in result.warnings}
    spaces = [one.space_id for one in opened.workspace.spaces()]
    if "no-map" not in codes or not spaces:
        return
    name = f"map of {spaces[0]} in {opened.workspace.path}"
    work = background.find(name)
    if work is None and st.button(f"Draw a map of {plain(spaces[0])}", type="primary"):
        work = background.start(name, "map", lambda: project(opened.workspace, spaces[0]))
    if work is None:
        return
    if work.is_running:
        st.progress(work.share or 0.0, text=plain(work.progress.message if work.progress else "…"))
        st.button("Look again", icon=":material/refresh:")
    elif work.error:
        st.error(plain(work.error))
    else:
        background.forget(name)
        st.rerun()
