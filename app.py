"""The dashboard: page settings, navigation, run. What is shown lives in pages/."""

import streamlit as st

from siuo_dash.server import application
from siuo_dash.ui import address, identity, shell
from siuo_dash.ui.review_parts import account

# `streamlit run app.py` serves this, and runs this same file as the script of every visit.
app = st.App(
    "app.py",
    lifespan=application.lifespan,
    routes=application.routes(),
    middleware=application.middleware(),
    on_script_error=application.explain,
)

if __name__ != "__main__":
    identity.check_start()
if __name__ == "__main__":
    # The icon comes before the navigation, which would else have each page's own fetched from a third party.
    st.set_page_config(page_icon=shell.ICON, layout="wide")
    page = st.navigation(shell.navigation(), position="top")
    st.set_page_config(page_title=f"{page.title} · SIUO dashboard")
    address.keep_address(page.url_path)
    shell.leave_behind(page.url_path)
    account.control()
    with application.measured(page.url_path), shell.guard():
        page.run()
