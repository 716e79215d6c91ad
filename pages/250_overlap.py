"""Do the models fail on the same items, and what could they do together?"""

import streamlit as st

from pages.ui import choose, compute, show

head = show.title("Do they fail on the same items?")
opened = compute.workspace_or_stop()
params = choose.params("overlap", opened, hide=("by", "patterns"))
result = compute.run("overlap", params, opened)
tables, titles = result.tables, opened.titles(params.task)
models = tuple(result.params["models"])

show.answer(result, head, most=5)
show.chart(
    "upset",
    tables["overlap"],
    alt="How often each set of models fails together, with intervals",
    drill=True,
    order=models,
    styles=opened.styles,
)
show.remarks(result)
columns = ("failed", "n_failed", "count", "value", "low", "high", "by_chance", "n", "n_clusters")
show.table(tables["overlap"], "overlap", opened, columns=columns, drill=True)

left, right = show.side_by_side(1, 1)
with left:
    st.subheader("Who errs alike", anchor=False)
    show.chart(
        "kappas",
        tables["consistency"],
        alt="Error consistency of every pair of models, beside chance",
        drill=True,
        order=models,
        styles=opened.styles,
    )
with right:
    st.subheader("What they could do together", anchor=False)
    show.chart(
        "dots",
        tables["oracle"],
        alt="Share of rows on which at least one model is right, as models are added",
        label="model",
        x_title="right on by this model or one above it",
    )

st.subheader("The numbers", anchor=False)
show.table(tables["consistency"], "consistency", opened, drill=True)
with st.expander("Alone, together, and within every cell"):
    show.table(tables["shared"], "shared", opened)
    show.table(tables["alone"], "alone", opened, drill=True)
    show.table(tables["oracle"], "oracle", opened)
    show.table(tables["by_cell"], "by_cell", opened, titles=titles, drill=True)
show.details(result, opened)
show.actions(head, opened)
