"""Who is really first, and would another rule or another sample crown another?"""

import streamlit as st

from pages.ui import choose, compute, show

head = show.title("Who is really first?")
opened = compute.workspace_or_stop()
params = choose.params("rankings", opened, hide=("resamples",))
result = compute.run("rankings", params, opened)
metric = compute.metric(opened, params.task, params.metric)
tables, titles = result.tables, opened.titles(params.task)

show.answer(result, head, most=5)
left, right = show.side_by_side(1, 1)
with left:
    show.chart(
        "ranks",
        tables["rankings"],
        alt="Places of the models, how often each is held, and which cannot be ruled out",
        often=tables["often"],
        metric=metric.title,
        styles=opened.styles,
    )
with right:
    show.chart(
        "rank_map",
        tables["map"],
        alt="Which model is better than which, one square per pair",
        order=tuple(tables["rankings"]["model"]),
        styles=opened.styles,
    )
show.remarks(result)

st.subheader("Would another view or rule change it?", anchor=False)
show.chart(
    "rank_grid",
    tables["places"],
    alt="Place of every model in every view, one column per view",
    rules=tables["rules"],
    order=tuple(tables["rankings"]["model"]),
    styles=opened.styles,
    titles=titles,
)
show.table(tables["flips"], "flips", opened, titles=titles)

st.subheader("The numbers", anchor=False)
show.table(tables["rankings"], "rankings", opened, titles=titles, drill=True)
with st.expander("Every view, every rule, every pair"):
    show.table(tables["places"], "places", opened, titles=titles, drill=True)
    show.table(tables["rules"], "rules", opened, titles=titles)
    show.table(tables["map"], "map", opened, titles=titles, drill=True)
show.details(result, opened)
show.actions(head, opened)
