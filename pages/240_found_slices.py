"""On which slices is it worst, of all there are?"""

import streamlit as st

from pages.ui import choose, compute, found, show

head = show.title("Where is it worst?")
opened = compute.workspace_or_stop()
params = choose.params(
    "find_slices", opened, hide=("columns", "conditions", "support", "most", "sure")
)
result = compute.run("find_slices", params, opened)
tables, unit = result.tables, result.columns["find_slices"]["value"].unit

show.answer(result, head)
show.chart(
    "dots",
    found.drawn(found.linked(tables["find_slices"])),
    alt="Slice minus all other rows, with intervals, for every slice found",
    drill=True,
    lines=((0.0, "as elsewhere"),),
    x_title=f"{unit}: slice minus elsewhere, on rows not searched",
)
show.remarks(result)
rows = found.linked(tables["find_slices"])
show.table(rows, "find_slices", opened, columns=found.COLUMNS, drill=True)
with st.expander("What was searched, and other names of the same rows"):
    show.table(tables["columns"], "columns", opened)
    show.table(tables["same_rows"], "same_rows", opened)
show.details(result, opened)
show.actions(head, opened)
