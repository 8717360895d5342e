"""The dashboard: page settings, navigation, run. What is shown lives in pages/."""

import streamlit as st

from siuo_dash.view import shell

st.set_page_config(page_title="SIUO dashboard", page_icon=":material/shield:", layout="wide")
page = st.navigation(shell.navigation(), position="top")
with shell.guard():
    page.run()
