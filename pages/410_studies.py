"""What did the papers on stress-testing show, and does it hold here?"""

import streamlit as st

from pages.ui import copy, show, state, study

name = study.chosen()
head = show.title(study.question(name))

if name:
    study.draw(name, head)
    st.page_link(
        "pages/410_studies.py", label="← All studies", query_params=state.as_query({})
    )  # fmt: skip
else:
    with head.answer, st.container(key="lead"):
        st.markdown(study.lead())
    study.gallery()

with head.actions:
    copy.button(state.query())
