"""Which model leads, where does each one break, and is that real?"""

import streamlit as st

from pages.ui import choose, compute, quality, show

head = show.title("Where does it break?")
opened = compute.workspace_or_stop()
params = choose.params("overview", opened)
result = compute.run("overview", params, opened)
metric = compute.metric(opened, params.task, params.metric)
tables, titles = result.tables, opened.titles(params.task)

show.answer(result, head)
show.chart(
    "heatmap",
    quality.everyone(result),
    alt="Heat map of models by tier, one block per perturbation",
    drill=True,
    metric=metric.title,
    higher_is_better=metric.higher_is_better,
    chance=opened.chance(params.task, params.metric),
    below=quality.below(result),
    styles=opened.styles,
    titles=titles,
)
quality.strip(result)
show.remarks(result)

if quality.abstains(result):
    st.subheader("Coverage beside accuracy, on untouched inputs", anchor=False)
    show.chart(
        "selective",
        quality.untouched(tables["selective"]),
        score=quality.untouched(tables["overview"]) if params.metric == "score" else None,
        alt="Share of inputs answered, and share right among the answers, by model",
        chance=opened.chance(params.task, "score"),
        styles=opened.styles,
    )

st.subheader("The numbers", anchor=False)
show.table(quality.everyone(result), "overview", opened, titles=titles, drill=True)
show.details(result, opened)
show.actions(head, opened)
