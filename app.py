"""The frame and the router: pages from the folder pages/, sections by their first digit."""

from collections import defaultdict
from pathlib import Path

import streamlit as st

from pages.ui import frame

SECTIONS = {"1": "Look", "2": "Where it breaks"}

st.set_page_config(page_title="stresslab", page_icon=frame.ICON, layout="wide")

menu = defaultdict(list)
for file in sorted(Path(__file__).with_name("pages").glob("[0-9]*_*.py")):
    title = file.stem.split("_", 1)[1].replace("_", " ").capitalize()
    menu[SECTIONS[file.name[0]]].append(st.Page(file, title=title))

page = st.navigation(dict(menu), position="hidden")
frame.draw(menu, page)
page.run()
