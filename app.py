"""The router: every file of pages/ is a page, its section is its first digit.

What stands around a page (name, workspace picker, menu) is drawn by `pages.ui.frame` when the page
draws its title.
"""

import streamlit as st

from pages.ui import frame

menu = {
    section: [st.Page(file, title=title) for file, title in pages]
    for section, pages in frame.menu().items()
}
st.navigation(menu, position="hidden").run()
