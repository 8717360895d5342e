"""The dashboard: page settings, navigation, run. What is shown lives in pages/."""

import streamlit as st

from siuo_dash.server import application
from siuo_dash.ui import account, address, frame, page, start_check

# `streamlit run app.py` serves this, and runs this same file as the script of every visit.
app = st.App(
    "app.py",
    lifespan=application.lifespan,
    routes=application.routes(),
    middleware=application.middleware(),
    on_script_error=application.explain,
)

if __name__ != "__main__":
    start_check.check_start()
if __name__ == "__main__":
    # The icon comes before the navigation, which would else have each page's own fetched from a third party.
    st.set_page_config(page_icon=page.ICON, layout="wide")
    chosen = st.navigation(page.navigation(), position="top")
    page.tab(chosen.title)
    address.arrive(chosen.url_path)
    page.drop_page_state(chosen.url_path)
    page.go_on()
    frame.around()
    account.control()
    with application.measured(chosen.url_path), page.guard():
        chosen.run()
    address.write()
