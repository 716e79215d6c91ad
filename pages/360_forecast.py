"""Could the failure out of distribution be seen from in-distribution data alone?"""

import streamlit as st

from pages.ui import choose, compute, show, stored

head = show.title("Could the failure have been seen before?")
opened = compute.workspace_or_stop()
hidden = (*choose.SIDES, "by", "complexity", "margin", "correction", "draws", "sample")
fixed = {"by": (), "complexity": "tier", "inputs": "clean", "measures": ()}
params = choose.params("forecast", opened, hide=hidden, **fixed)
result = stored.of("forecast", params, opened)

if result is not None:
    show.answer(result, head, most=3)
    chosen = stored.pick(result.tables["points"], "marker", "Marker")
    alt = "Score outside over the marker, one point per model"
    axes = {"x_title": "marker, in distribution", "y_title": "score out of distribution"}
    show.chart("scatter", chosen, alt=alt, label="model", series="family", **axes)
    show.remarks(result)
    st.subheader("Which marker is worth trusting here?", anchor=False)
    show.table(result.tables["forecast"], "forecast", opened)
    with st.expander("Every model and marker"):
        names = opened.names(params.task)
        show.table(result.tables["points"], "points", opened, titles=names)
    show.details(result, opened)
show.actions(head, opened)
