"""What does this workspace hold, is it whole, and how do I add my own?"""

import streamlit as st

from pages.ui import compute, holdings, show

head = show.title("What is in this workspace?")
opened = compute.workspace_or_stop(empty=True)
params = holdings.params()
result = compute.run("inventory", params, opened)
tables = result.tables

holdings.header(opened, result, head)
show.remarks(result)
show.chart(
    "coverage",
    holdings.coverage(opened),
    alt="Share of each task's inputs that each model has answered",
    styles=opened.styles,
    titles=holdings.task_titles(opened),
)
for name, title in holdings.SECTIONS.items():
    with st.expander(f"{title} ({len(tables[name]):,})", expanded=name == "inventory"):
        show.table(tables[name], name, opened)
holdings.printed(opened)
st.subheader("Add your own", anchor=False)
holdings.how_to_add(opened)
show.details(result, opened)
show.actions(head, opened)
