"""How do the vectors lie, and what becomes of their shape as inputs get harder?"""

import streamlit as st

from pages.ui import choose, compute, show, stored

head = show.title("What becomes of the shape of a space?")
opened = compute.workspace_or_stop()
hidden = ("draws", "sample", "nulls")
fixed = {"metric": "score", "models": (), "population": "common"}
fixed |= {"layers": (), "measures": (), "space": ""}
params = choose.params("geometry", opened, hide=hidden, by=("tier",), **fixed)
result = stored.of("geometry", params, opened)
away = {"task": params.task, "where": params.where, "level": params.level, "seed": params.seed}

if result is not None:
    show.answer(result, head, most=3)
    changes = stored.clearest(result.tables["changes"])
    table = stored.led_by(result.tables["geometry"], "marker", changes)
    chosen = stored.pick(table, "marker", "Marker")
    alt = "The marker by tier with its interval"
    show.chart("lines", chosen, alt=alt, x="tier", series="layer", x_title="tier")
    show.remarks(result)
    st.subheader("What changes, corrected over all markers", anchor=False)
    show.table(changes, "changes", opened)
    with st.expander("Every marker, with its interval and its null"):
        show.table(result.tables["geometry"], "geometry", opened)
    show.details(result, opened)

st.subheader("How far from home?", anchor=False)
moved = stored.of("space_shift", stored.params("space_shift", away), opened)
if moved is not None:
    for sentence in moved.tables["headlines"]["text"]:
        st.text(sentence)
    show.table(moved.tables["space_shift"], "space_shift", opened, titles=opened.names(params.task))
show.actions(head, opened)
