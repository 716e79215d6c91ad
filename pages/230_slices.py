"""How does each model do on the saved slices, beside everything else?"""

import streamlit as st

from pages.ui import choose, compute, kept, show

head = show.title("How do the slices differ?")
opened = compute.workspace_or_stop()
params = choose.params("slices", opened, slices=kept.texts(opened))
result = compute.run("slices", params, opened)
metric = compute.metric(opened, params.task, params.metric)
tables = result.tables

show.answer(result, head)
show.chart(
    "dots",
    kept.drawn(tables["slices"]),
    alt="Slice minus the rest, with intervals, by slice and model",
    drill=True,
    series="model",
    styles=opened.styles,
    lines=((0.0, "as elsewhere"),),
    x_title=f"{metric.title} on the slice minus everywhere else",
)
show.remarks(result)
kept.table(tables, opened)
with st.expander("Keep, combine and share slices"):
    kept.edit(opened)
show.details(result, opened)
show.actions(head, opened)
