"""Streamlit: what pages are made of."""
