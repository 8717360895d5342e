"""The visitor's theme from the first paint: the one that Streamlit keeps for them, else their system's."""

from __future__ import annotations

from typing import Final

import streamlit as st

from siuo_dash.charts.colours import Theme
from siuo_dash.ui.streamlit_private import STORED_THEME

THEME_SCRIPT: Final = f"""try {{
  const kept = JSON.parse(localStorage.getItem({STORED_THEME}));
  if (kept === "Light" || kept === "Dark") document.documentElement.dataset.first = kept.toLowerCase();
}} catch {{}}"""
"""In the page itself, by its hash in the content security policy: a script that is fetched comes after a paint."""
_COLOURS: Final = {
    "primary": "primaryColor",
    "background": "backgroundColor",
    "secondary": "secondaryBackgroundColor",
    "text": "textColor",
    "link": "linkColor",
    "border": "borderColor",
}


def theme_style() -> str:
    """The colours of both themes as variables --first-…, and the paper behind a page that is not drawn yet."""
    light, dark = _colours("light"), _colours("dark")
    return (
        f"html {{ {light} background: var(--first-background); }}"
        f"@media (prefers-color-scheme: dark) {{ html:not([data-first=light]) {{ {dark} }} }}"
        f"html[data-first=dark] {{ {dark} }}"
    )


def _colours(theme: Theme) -> str:
    found = {name: st.get_option(f"theme.{theme}.{option}") for name, option in _COLOURS.items()}
    return " ".join(f"--first-{name}: {colour};" for name, colour in found.items()) + f" color-scheme: {theme};"
