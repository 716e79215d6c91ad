"""How fast does each model fall as inputs get harder?"""

import streamlit as st

from pages.ui import choose, compute, show, state

head = show.title("How fast does each model fade?")
opened = compute.workspace_or_stop()
params = choose.params(
    "tier_curve", opened, flags={"zoom": "Zoom the axis to the data", "fit": "Draw fitted shapes"}
)
result = compute.run("tier_curve", params, opened)
metric = compute.metric(opened, params.task, params.metric)
tables, titles = result.tables, opened.titles(params.task)

show.answer(result, head)
show.chart(
    "tier_curve",
    tables["tier_curve"],
    alt="Metric by tier with intervals, one line per model",
    drill=True,
    metric=metric.title,
    higher_is_better=metric.higher_is_better,
    bounds=metric.bounds,
    by=params.by,
    zoom=state.is_on("zoom"),
    chance=opened.chance(params.task, params.metric),
    fitted=tables["fitted"] if state.is_on("fit") else None,
    styles=opened.styles,
    titles=titles,
)
show.remarks(result)

st.subheader("Every curve in one row", anchor=False)
show.table(tables["summary"], "summary", opened, titles=titles, drill=True)

with st.expander("How long do items hold out?", expanded=not tables["survival"].empty):
    show.chart(
        "survival",
        tables["survival"],
        alt="Share of items still right by tier, one line per model",
        by=params.by,
        styles=opened.styles,
        titles=titles,
    )
    show.table(tables["survival"], "survival", opened, titles=titles)

with st.expander("What shape has each curve, and where does it leave its start?"):
    show.table(tables["shape"], "shape", opened, titles=titles, drill=True)
    st.caption("Every shape that was tried; smaller AIC is better.")
    show.table(tables["fits"], "fits", opened, titles=titles)
with st.expander("Every tier"):
    show.table(tables["tier_curve"], "tier_curve", opened, titles=titles, drill=True)
show.details(result, opened)
show.actions(head, opened)
