"""What comes in, and is it read right?"""

import streamlit as st

from pages.ui import arrivals, bring, compute, copy, preview, show, state, target

head = show.title("What comes in?")
opened = compute.workspace_or_stop(empty=True)
work = arrivals.of(opened)
chosen = None if work else bring.choose(opened)

if work:
    arrivals.draw(work, opened, head)
elif chosen:
    plans = preview.look(chosen)
    preview.header(chosen, plans, opened, head)
    reason = target.why_not(opened)
    if reason:
        target.offer(opened, reason)
    with st.container(horizontal=True, vertical_alignment="center", key="controls"):
        if not reason and preview.button(plans, opened):
            arrivals.start(chosen, preview.mappings(plans), opened)
            st.rerun()
        bring.again()
        preview.all_rows(plans)
    preview.draw(preview.choose(plans), plans)
    preview.left_out(chosen)
    bring.details(chosen, preview.texts(plans), opened)
else:
    with head.answer:
        st.markdown(bring.PROMISE)
    bring.teach(opened)
    bring.details(None, (), opened)

with head.actions:
    copy.button(state.query())
