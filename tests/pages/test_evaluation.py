"""The run page's account of a run that was made here."""

from __future__ import annotations

from pathlib import Path

from siuo_dash.store import registry
from siuo_dash.store.runs.parquet import with_made
from tests.make.pages import OpenApp
from tests.make.runs import make_run, share
from tests.make.stores import make_data
from tests.report.test_evaluation import HOW


def test_a_run_that_was_made_here_says_how_and_others_do_not(tmp_path: Path, open_app: OpenApp) -> None:
    made, plain = (make_run(name, share(80), share(80), share(60), judge="j") for name in ("Made", "Plain"))
    data = make_data(tmp_path)
    ids = [registry.publish(data, table, by=None).run_id for table in (with_made(made, HOW), plain)]
    for run_id, says in zip(ids, (True, False), strict=True):
        app = open_app(data, "inspect/run.py", run=run_id)
        words = "".join(str(each.proto.body) for each in app.get("html"))
        assert ("<dd>inspect-ai 0.3.285</dd>" in words) is says and not app.exception
        assert ("How it was made" in [each.label for each in app.expander]) is says
