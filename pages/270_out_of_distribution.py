"""What does each model lose outside what it was trained on, and was it to be expected?"""

import streamlit as st

from pages.ui import choose, compute, show

head = show.title("What is lost out of distribution?")
opened = compute.workspace_or_stop()
params = choose.params("ood_gap", opened, hide=choose.SIDES)
result = compute.run("ood_gap", params, opened)
metric = compute.metric(opened, params.task, params.metric)
tables, names = result.tables, opened.names(params.task)
look = {"metric": metric.title, "styles": opened.styles, "drill": True}
by = tables["worst_group"].columns[1]

show.answer(result, head, most=5)
if tables["ood_gap"].empty:
    groups, alt = tables["groups"], "Value by model and group"
    show.chart("matrix", groups, alt=alt, drill=True, row="model", column=by, titles=names)
else:
    show.chart(
        "ood_gap",
        tables["ood_gap"],
        alt="Value in and out of distribution with intervals, one row per model",
        higher_is_better=metric.higher_is_better,
        bounds=metric.bounds,
        chance=opened.chance(params.task, params.metric),
        **look,
    )
show.remarks(result)

if not tables["line"].empty:
    st.subheader("Was it to be expected?", anchor=False)
    alt = "Value out of distribution over value in, one point per model, with the line"
    show.chart("on_the_line", tables["ood_gap"], alt=alt, curve=tables["line_curve"], **look)
    if not tables["robustness"].empty:
        show.table(tables["robustness"], "robustness", opened, titles=names)
if not tables["ood_gap"].empty:
    st.subheader("The numbers", anchor=False)
    show.table(tables["ood_gap"], "ood_gap", opened, titles=names, drill=True)
if not tables["decomposition"].empty:
    with st.expander("What is the gap made of?"):
        show.table(tables["decomposition"], "decomposition", opened, titles=names)
if not tables["critical"].empty:
    with st.expander("Where is the gap widest as inputs get harder?", expanded=True):
        gaps, alt = tables["valley"].rename(columns={"gap": "value"}), "Gap by level, with bands"
        axes = {"x": "level", "panel": "over", "x_title": "level", "y_title": "gap"}
        show.chart("lines", gaps, alt=alt, lines=[(0, "")], styles=opened.styles, **axes)
        show.table(tables["critical"], "critical", opened, titles=names)
with st.expander("Which group is worst?"):
    show.table(tables["worst_group"], "worst_group", opened, titles=names, drill=True)
    show.table(tables["groups"], "groups", opened, titles=names, drill=True)
if not tables["transfer"].empty:
    with st.expander("Trained on, tested on"):
        alt = "Value by model and domain tested on"
        show.chart("matrix", tables["transfer"], alt=alt, row="model", column="domain",
                   titles=names, key="chart_transfer")  # fmt: skip
        show.table(tables["transfer_gaps"], "transfer_gaps", opened, titles=names)
show.details(result, opened)
show.actions(head, opened)
