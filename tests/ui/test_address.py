"""The address of a page: ids, labels of old links, what is not known, and steps that Back undoes."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    """A page with a choice of one and a choice of several, run by AppTest as a script of its own."""
    import streamlit as st

    from siuo_dash.ui import address

    address.arrive(st.session_state.get("test-page", "here"))
    board = address.one(
        st.selectbox,
        "Judged by",
        {"human-3": "Human judges", "gpt-4o-1": "GPT-4o as judge"},
        name="board",
        default="human-3",
        aliases={"human, 3 responses": "human-3", "gpt-4o, 1 response": "gpt-4o-1"},
    )
    runs = address.several(st.multiselect, "Runs", {"a-1": "A · human", "b-2": "B · human"}, name="runs")
    st.text(f"{board} {','.join(runs)}")
    st.button("Choose B", on_click=address.choose, args=("runs", ["b-2"]))
    for words in address.unknown():
        st.warning(words)
    address.write()


def opened(**query: str | list[str]) -> AppTest:
    at = AppTest.from_function(page, default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def said(at: AppTest) -> tuple[str, dict[str, list[str]]]:
    assert not at.exception
    query = {name: [value] if isinstance(value, str) else list(value) for name, value in at.query_params.items()}
    return at.text[0].value, query


@pytest.mark.parametrize("asked", ["gpt-4o-1", "GPT-4o as judge", "gpt-4o, 1 response", "GPT-4O-1"])
def test_an_id_or_a_label_is_taken_over_and_the_address_then_holds_the_id(asked: str) -> None:
    at = opened(board=asked, runs=["B · human", "a-1"])
    assert said(at) == ("gpt-4o-1 b-2,a-1", {"board": ["gpt-4o-1"], "runs": ["b-2", "a-1"]})


def test_the_default_is_not_in_the_address() -> None:
    assert said(opened()) == ("human-3", {})
    assert said(opened(board="human-3")) == ("human-3", {})


def test_what_is_not_known_is_named_and_stays_in_the_address_until_another_is_chosen() -> None:
    at = opened(board="robots", runs=["a-1", "gone"], other="x")
    assert said(at) == ("human-3 a-1", {"board": ["robots"], "runs": ["a-1", "gone"], "other": ["x"]})
    assert [each.value for each in at.warning] == [
        "The link asks for board “robots”, which this dashboard does not have.",
        "The link asks for runs “gone”, which this dashboard does not have.",
    ]
    at.button[0].click().run()
    assert said(at) == ("human-3 b-2", {"board": ["robots"], "runs": ["b-2"], "other": ["x"]})
    assert len(at.warning) == 1


def test_a_chart_that_is_not_there_is_named() -> None:
    at = opened(chart="nothing")
    assert said(at)[1] == {"chart": ["nothing"]}
    assert [each.value for each in at.warning] == [
        "The link asks for chart “nothing”, which this dashboard does not have."
    ]


def test_a_choice_goes_with_the_visitor_and_a_link_decides_on_the_page_it_opens() -> None:
    at = opened(board="gpt-4o-1")
    at.session_state["test-page"] = "there"
    del at.query_params["board"]
    assert said(at.run()) == ("gpt-4o-1", {"board": ["gpt-4o-1"]})
    at.session_state["test-page"] = "elsewhere"
    at.query_params["board"] = "human-3"
    assert said(at.run()) == ("human-3", {})


def test_an_address_that_lags_behind_does_not_undo_a_choice() -> None:
    """Two quick clicks: the second one still carries the address from before the first."""
    at = opened()
    at.button[0].click().run()
    assert said(at)[0] == "human-3 b-2"
    del at.query_params["runs"]
    assert said(at.run()) == ("human-3 b-2", {"runs": ["b-2"]})


def fields() -> None:
    """A page with a text, a switch, a number and a range, and a button that empties all of them at once."""
    import streamlit as st

    from siuo_dash.ui import address, controls

    address.arrive("here")
    size: float | None = None
    held = [
        address.value(st.text_input, "Find", name="q", default="", read=address.text, max_chars=5),
        controls.switch("Plain", name="plain"),
        controls.switch("Unknown", name="unknown", default=True),
        address.value(
            st.number_input, "Size", name="size", default=size, read=address.number, value=None, min_value=0.0
        ),
        address.value(
            st.slider, "Share", name="share", default=(0, 100), read=address.span, min_value=0, max_value=100
        ),
    ]
    st.text(str(held))

    def empty() -> None:
        for each in ("q", "plain", "size", "share"):
            address.choose(each, ())

    st.button("Remove all", on_click=empty)
    for words in address.unknown():
        st.warning(words)
    address.write()


def filled(**query: str | list[str]) -> AppTest:
    at = AppTest.from_function(fields, default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def test_texts_switches_numbers_and_ranges_are_in_the_address_and_leave_it_together() -> None:
    asked = {"q": ["gpt"], "plain": ["true"], "unknown": ["false"], "size": ["7.5"], "share": ["20", "80"]}
    at = filled(**asked)
    assert said(at) == ("['gpt', True, False, 7.5, (20, 80)]", asked)
    at.text_input[0].input("llava").run()
    at.number_input[0].set_value(13.0).run()
    assert said(at)[1] == asked | {"q": ["llava"], "size": ["13"]}
    at.button[0].click().run()
    assert said(at) == ("['', False, False, None, (0, 100)]", {"unknown": ["false"]})


@pytest.mark.parametrize("asked", [{"size": "nan"}, {"size": "-3"}, {"plain": "perhaps"}, {"share": ["low", "high"]}])
def test_a_field_that_an_address_cannot_mean_is_empty_and_named(asked: dict[str, str | list[str]]) -> None:
    at = filled(**asked)
    assert said(at)[0] == "['', False, True, None, (0, 100)]"
    assert len(at.warning) == 1 and f"The link asks for {next(iter(asked))} “" in at.warning[0].value


def test_a_field_takes_no_more_than_it_has_room_for() -> None:
    assert said(filled(q="far too long", share=["70", "150", "9"], size="1e3"))[0] == (
        "['far t', False, True, 1000.0, (70, 100)]"
    )
