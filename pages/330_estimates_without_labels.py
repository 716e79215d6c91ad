"""How often is a model right where nobody gave labels, and which estimate can be trusted?"""

import streamlit as st

from pages.ui import choose, compute, estimates, show

head = show.title("How often is it right, without labels?")
opened = compute.workspace_or_stop()
space = estimates.choose(opened)
hide = (*choose.SIDES, "estimators")
params = choose.params("estimate", opened, hide=hide, metric="score", **space)
result = estimates.result(params, opened)
tables, names = result.tables, opened.names(params.task)

show.answer(result, head, most=5)
show.chart(
    "scatter",
    estimates.drawn(tables["estimate"]),
    alt="Estimated over true share right, a panel per estimator, with the line of equal values",
    label="cell",
    series="model",
    panel="title",
    across=3,
    x_title="true share right",
    y_title="estimated",
    diagonal=True,
    styles=opened.styles,
    drill=True,
)
st.caption("On the dotted line an estimate is right; above it, it says more than is right.")
show.remarks(result)
if not tables["advice"].empty:
    st.subheader("Which one here, and how far off", anchor=False)
    show.table(tables["advice"], "advice", opened, titles=names)
    st.subheader("What each estimator is worth", anchor=False)
    show.table(tables["quality"], "quality", opened, titles=names)
    with st.expander("Chosen without a domain, tested on it"):
        show.table(tables["left_out"], "left_out", opened, titles=names)
    with st.expander("The nearest estimator against the others"):
        show.table(tables["comparisons"], "comparisons", opened, titles=names)
st.subheader("Every estimate", anchor=False)
columns = estimates.COLUMNS
show.table(tables["estimate"], "estimate", opened, titles=names, columns=columns, drill=True)
show.details(result, opened)
show.actions(head, opened)
