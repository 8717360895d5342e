"""The upload page's command for a model that is typed in, and the run page's account of a run that was made here."""

from __future__ import annotations

from pathlib import Path

from siuo_dash.store import registry
from siuo_dash.store.runs.parquet import with_made
from tests.make.pages import OpenApp
from tests.make.runs import make_run, share
from tests.make.stores import make_data
from tests.report.test_evaluation import HOW


def test_the_command_is_ready_to_copy_for_the_model_that_is_typed_in(tmp_path: Path, open_app: OpenApp) -> None:
    app = open_app(make_data(tmp_path), "contribute/upload.py")
    assert "python -m siuo_dash evaluate --model openai/gpt-4o --judge" in app.code[0].value
    app.text_input(key="model_to_run").set_value("openai-api/local/my model").run()
    assert app.code[0].value.startswith("python -m siuo_dash evaluate --model 'openai-api/local/my model' ")
    assert not app.exception


def test_a_run_that_was_made_here_says_how_and_others_do_not(tmp_path: Path, open_app: OpenApp) -> None:
    made, plain = (make_run(name, share(80), share(80), share(60), judge="j") for name in ("Made", "Plain"))
    data = make_data(tmp_path)
    ids = [registry.publish(data, table, by=None).run_id for table in (with_made(made, HOW), plain)]
    for run_id, says in zip(ids, (True, False), strict=True):
        app = open_app(data, "inspect/run.py", run=run_id)
        words = "".join(each.proto.body for each in app.get("html"))
        assert ("inspect-ai 0.3.285" in words) is says and not app.exception
        assert ("How it was made" in [each.label for each in app.expander]) is says
