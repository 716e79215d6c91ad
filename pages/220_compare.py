"""Is one model really better than another on the same items, and where?"""

import streamlit as st

from pages.ui import choose, compute, pairs, show

head = show.title("Which one is really better?")
opened = compute.workspace_or_stop()
params = choose.params("compare", opened, hide=("against",))
result = compute.run("compare", params, opened)
metric = compute.metric(opened, params.task, params.metric)
tables, titles = result.tables, opened.titles(params.task)
pair = pairs.one(result, opened)
look = {"metric": metric.title, "higher_is_better": metric.higher_is_better, "drill": True}
look |= {"margin": result.params["margin"], "styles": opened.styles, "titles": titles}

show.answer(result, head, most=5)
show.chart(
    "difference",
    pairs.of(tables["compare"], pair),
    alt="Paired differences with intervals and verdicts, one row per group",
    by=params.by,
    **look,
)
show.remarks(result)

left, right = show.side_by_side(3, 2)
with left:
    st.subheader("By tier", anchor=False)
    show.chart(
        "difference",
        pairs.of(tables["by_tier"], pair),
        alt="Paired differences by perturbation and tier",
        key="chart_by_tier",
        by=("perturbation", "tier"),
        narrow=True,
        **look,
    )
with right:
    st.subheader("Who is right", anchor=False)
    who = pairs.of(tables["agreement"], pair)
    show.chart(
        "agreement", who, alt="How often both, one or neither is right", styles=opened.styles
    )

st.subheader("The numbers", anchor=False)
show.table(tables["compare"], "compare", opened, titles=titles, drill=True)
with st.expander("By tier, overall, and who is right"):
    show.table(tables["by_tier"], "by_tier", opened, titles=titles, drill=True)
    show.table(tables["overall"], "overall", opened, titles=titles)
    show.table(tables["agreement"], "agreement", opened, titles=titles)
    show.table(tables["trials"], "trials", opened, titles=titles)
show.details(result, opened)
show.actions(head, opened)
