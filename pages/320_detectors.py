"""Which score tells inputs the model was not made for, and what does it help?"""

import streamlit as st

from pages.ui import choose, compute, detect, show, work

head = show.title("What lies outside?")
opened = compute.workspace_or_stop()
params = choose.params(
    "detect", opened, hide=(*choose.SIDES, *choose.FITTING, "models", "metric"), population="each"
)
result = compute.run("detect", params, opened)
tables = result.tables

show.answer(result, head)
if tables["detect"].empty:
    show.remarks(result)
    work.offer(opened, "detect", "Score with all detectors", detect.job(params), about=detect.COST)
else:
    alt = "Area under the ROC curve with its interval, one row per detector"
    show.chart("dots", tables["detect"], alt=alt, **detect.AREA)
    show.remarks(result)
    left, right = show.side_by_side(1, 1)
    with left:
        st.subheader("What it finds for how many false alarms", anchor=False)
        alt = "ROC curves of the best detectors"
        show.chart("lines", detect.curves(tables), alt=alt, key="roc", **detect.ROC)
    with right:
        st.subheader("What is right once the unfamiliar is dropped", anchor=False)
        alt = "Share right over the share dropped, one line per detector, with bands"
        show.chart(
            "lines", detect.best(tables, "risk_coverage"), alt=alt, key="risk", **detect.RISK
        )
    st.subheader("Where does it see something?", anchor=False)
    alt = "Area under the ROC curve by detector, domain and harder input"
    show.chart("matrix", detect.seen(tables), alt=alt, **detect.SEEN)
    st.subheader("How the best scores spread", anchor=False)
    alt = "Density of the scores of the best detector, one hill per group"
    show.chart("ridge", detect.spread(tables), alt=alt, **detect.SPREAD)
    st.subheader("Cut somewhere: what lies beyond becomes a slice", anchor=False)
    show.table(detect.cuts(tables), "thresholds", opened, columns=detect.CUTS, drill=True)
    with st.expander("The numbers"):
        show.table(tables["detect"], "detect", opened, columns=detect.NUMBERS)
        show.table(tables["dropping"], "dropping", opened)
        show.table(tables["pairs"], "pairs", opened)
        show.table(tables["tier_response"], "tier_response", opened)
    work.offer(opened, "detect", "Score again", detect.job(params), about=detect.COST)
show.details(result, opened)
show.actions(head, opened)
