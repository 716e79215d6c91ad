"""Where on a map of the inputs does a model fail?"""

import streamlit as st

from pages.ui import choose, compute, map, show

head = show.title("Where on the map does it fail?")
opened = compute.workspace_or_stop()
settings = map.choose(opened)
params = choose.params("embedding_map", opened, **settings, metric="score")
result = compute.run("embedding_map", params, opened)
tables = result.tables

show.answer(result, head, most=5)
if tables["points"].empty:
    map.missing(result, opened)
else:
    map.draw(result, params)
show.remarks(result)
if not tables["embedding_map"].empty:
    st.subheader("Regions and clusters against the rest", anchor=False)
    show.table(
        map.linked(tables["embedding_map"]),
        "embedding_map",
        opened,
        columns=map.COLUMNS,
        drill=True,
    )
show.details(result, opened)
show.actions(head, opened)
