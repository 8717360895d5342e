"""What the figures say: short statements, computed from the data that is loaded now."""

import streamlit as st

from siuo_dash.analysis import findings as analysis
from siuo_dash.analysis import queries
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts import dumbbell
from siuo_dash.report import findings
from siuo_dash.report.export import Provenance
from siuo_dash.ui import background, browser, controls, display, page
from siuo_dash.ui.display import plain

if asked := st.session_state.pop("findings-open", None):
    url, params = asked
    st.switch_page(f"pages/{page.PAGES[url].file}", query_params=params)
store = page.open_store()
page.header(
    "Findings",
    "What the figures say, computed now from the data that is loaded: with other data the sentences change. "
    "Where the data cannot carry a statement, it says so.",
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    board = controls.choose_board(store)
    metric = controls.choose_metric("Seen by")
if board is None:
    st.info("There is no run yet. Upload one, or build the shipped figures: `python -m siuo_dash build`.")
    page.footer(store)
    st.stop()

work = background.later(
    lambda: analysis.findings(store, board, metric), "findings", store.version, board.id, metric.id
)  # fmt: skip
themes = background.when_ready(work, "The findings are being computed and will appear here.", patience=1.0)
if themes is None:
    st.stop()
screen = browser.screen()
here = {"board": board.label, "metric": metric.label}
provenance = Provenance(store.version, board.label, f"seen by {metric.label}")


def words(text: str) -> str:
    """Text as it is, with figures kept on one line with their unit."""
    return findings.unbroken(plain(text))


def _figures(lines: list[str]) -> None:
    if lines:
        st.markdown("\n".join(f"- {words(line)}" for line in lines))


def lead_on(link: analysis.Link, here: dict[str, str], *, key: str) -> None:
    """A link to the view that shows it; a button where that view has another board or metric than this page."""
    if all(here.get(name, value) == value for name, value in link.params.items()):
        page.link(link.url, link.label, link.params)
    elif link.url in page.PAGES:
        icon = page.PAGES[link.url].icon
        st.button(link.label, key=key, type="tertiary", icon=icon, on_click=leave, args=(link.url, dict(link.params)))


def leave(url: str, params: dict[str, str]) -> None:
    """Take the view's board and metric over, which the address of a link cannot, and note where to go."""
    ids = {
        "board": {known.label: known.id for known in queries.boards(store)},
        "metric": {known.label: known.id for known in METRICS.values()},
    }
    for name in ids.keys() & params.keys():
        st.session_state[name] = ids[name].get(params[name], controls.ALL_BOARDS)
    st.session_state["findings-open"] = (url, {name: value for name, value in params.items() if name not in ids})


def show(statement: analysis.Statement) -> None:
    """One statement: sentence, what it rests on, figures, caveat, and the way to the view that shows it."""
    with st.container(border=True, gap="xsmall"):
        if statement.said:
            st.markdown(f"**{words(statement.sentence)}**")
        else:
            st.markdown(f":material/help: **Cannot be said.** {words(statement.sentence)}")
        lines = findings.figure_lines(statement)
        _figures(lines[: findings.SHOWN_FIGURES])
        if len(lines) > findings.SHOWN_FIGURES:
            with st.expander(f"{len(lines) - findings.SHOWN_FIGURES} more figures"):
                _figures(lines[findings.SHOWN_FIGURES :])
        rests = f"{'Rests on' if statement.said else 'At hand:'} {statement.n}. " if statement.n else ""
        st.caption(words(rests + statement.caveat))
        if statement.link is not None:
            lead_on(statement.link, here, key=f"open-{statement.id}")


for theme in themes:
    st.subheader(theme.title, anchor=False)
    columns = st.columns(2) if screen == "wide" and len(theme.statements) > 1 else [st.container()]
    for place, statement in enumerate(theme.statements):
        with columns[place % len(columns)]:
            show(statement)
    if theme.id == "judges":
        judged = METRICS["safe"] if metric.task == "mcqa" else metric
        several = analysis.several_boards(store, judged)
        if len(several):
            models = several["name"].nunique()
            if models > dumbbell.MOST_ROWS:
                st.caption(f"The {dumbbell.MOST_ROWS} models with the widest gaps, of {models}.")
            display.chart(
                dumbbell.dumbbell(several, judged, browser.theme(), narrow=screen == "narrow"),
                key="boards",
                alt=f"{judged.label} of {models} models on several boards, with 95 % intervals",
                data=findings.boards_table(several, provenance),
            )
display.exports(findings.export_table(themes, provenance), key="findings")
page.footer(store)
