"""A click is not lost when work in the background ends in the same moment, as it does on a busy server."""

from __future__ import annotations

import gc

from streamlit.testing.v1 import AppTest

from siuo_dash.ui import background


def page() -> None:
    from concurrent.futures import Future
    from typing import Any

    import streamlit as st

    from siuo_dash.ui import background

    class JustDone(Future[Any]):
        """Not there when it is waited for, there a moment later."""

        def result(self, timeout: float | None = None) -> Any:
            raise TimeoutError

    work: JustDone = JustDone()
    work.set_result("drawn")
    background.when_ready(work, "The rank range is being drawn.")
    if st.button("Publish"):
        st.success("published")


def test_a_click_survives_work_that_ends_in_its_run() -> None:
    at = AppTest.from_function(page, default_timeout=300).run()
    at.button[0].click().run()
    assert [each.value for each in at.success] == ["published"]
    assert not at.exception


def test_what_stays_is_spared_the_garbage_collector() -> None:
    try:
        background.freeze_gc()
        assert gc.get_freeze_count() > 100_000  # Streamlit, pandas, plotly and the rest
        assert len(gc.get_objects()) < gc.get_freeze_count() / 10
    finally:
        gc.unfreeze()
