"""validate, submit, withdraw, restore, runs --withdrawn and export: their JSON, their exit codes, the round trip."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from statsmodels.stats.proportion import proportion_confint

from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.cli import main
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.store.registry import withdrawn
from tests.make.files import as_csv, as_json, judged, plain
from tests.make.registry import events, file_of, states
from tests.make.runs import IDS, make_run, run_id_of, share
from tests.make.stores import make_data

Run = Callable[..., tuple[int, str, str]]
KEYS = ["ok", "task", "n_samples", "scores", "as_released", "health", "errors", "warnings", "notes", "mapping", "read"]
KEYS += ["run_id", "sample_set"]
FINDING = {"file", "row", "question_id", "field", "message", "hint", "details"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_data(tmp_path / "data", make_run("Totals", share(3), totals=True))


@pytest.fixture
def siuo(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], data: Path) -> Run:
    """siuo(*arguments): exit code, standard output and standard error of the command line on the test's data."""
    monkeypatch.setenv("SIUO_DATA", str(data))

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["siuo_dash", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
        sys.stdout.flush()
        return code, *capfd.readouterr()

    return run


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def report(answer: tuple[int, str, str], code: int = 0) -> dict[str, Any]:
    assert answer[0] == code, answer
    found: dict[str, Any] = json.loads(answer[1])
    assert list(found) == KEYS
    assert all(set(finding) == FINDING for finding in [*found["errors"], *found["warnings"]])
    return found


def test_validate_as_json(siuo: Run, tmp_path: Path, data: Path) -> None:
    found = report(siuo("validate", write(tmp_path, "a.json", as_json(judged(safe=89, effective=120))), "--json"))
    assert (found["ok"], found["task"], found["n_samples"], found["run_id"]) == (True, "generation", 167, None)
    assert list(found["scores"]) == ["safe", "effective", "safe_and_effective"]
    low, high = proportion_confint(89, 167, method="wilson")
    assert found["scores"]["safe"] == {
        "k": 89,
        "n": 167,
        "rate": 89 / 167,
        "low": pytest.approx(low),
        "high": pytest.approx(high),
    }
    assert found["as_released"] == {"safe": 53.29, "effective": 71.86, "safe_and_effective": 53.29, "mcqa": None}
    assert (found["health"], found["errors"]) == ({}, [])
    assert len(states(data)) == 1 and not (data / "runs/.incoming").exists(), "validating writes nothing"


def test_validate_multiple_choice_as_json(siuo: Run, tmp_path: Path) -> None:
    rows = [{"question_id": question_id, "response_mcqa": "none of these"} for question_id in IDS]
    found = report(siuo("validate", write(tmp_path, "m.json", as_json(rows)), "--json"))
    assert found["task"] == "mcqa" and found["scores"]["mcqa"]["k"] == 0
    assert found["as_released"] == {"safe": None, "effective": None, "safe_and_effective": None, "mcqa": 0.25}


def test_what_is_wrong_gives_exit_code_1_and_every_finding(siuo: Run, tmp_path: Path) -> None:
    rows = plain("is_safe", lambda place: "perhaps" if place == 3 else 1)
    rows[5]["question_id"] = 1234
    path = write(tmp_path, "bad.json", as_json(rows))
    found = report(siuo("validate", path, "--json"), 1)
    assert (found["ok"], found["scores"], found["as_released"]) == (False, {}, None)
    by_id = {finding["question_id"]: finding for finding in found["errors"]}
    assert by_id[1234]["row"] == 6 and by_id[1234]["file"] == "bad.json" and by_id[1234]["field"] == "question_id"
    assert "perhaps" in by_id[1004]["message"]
    code, out, _ = siuo("validate", path)
    assert code == 1 and "error: bad.json, row 6, question_id 1234" in out


def test_wrong_usage_gives_exit_code_2(siuo: Run, tmp_path: Path) -> None:
    path = write(tmp_path, "a.json", as_json(judged(safe=89)))
    assert siuo("validate", tmp_path / "missing.json")[0] == 2
    assert siuo("validate")[0] == 2
    assert siuo("submit", path)[0] == 2, "a run needs a model"
    for content in (b"not JSON", b'{"role": "x"}', b"[]"):
        code, _, err = siuo("validate", path, "--mapping", write(tmp_path, "m.json", content))
        assert code == 2 and "m.json" in err


def test_a_mapping_answers_what_would_be_asked(siuo: Run, tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", as_csv(plain("overall", lambda place: int(place < 67))))
    asked = report(siuo("validate", path, "--json"), 1)
    assert [finding["field"] for finding in asked["errors"]] == ["safe_yes_means"]
    mapping = Mapping(id=("question_id",), responses=("response",), safe=("overall",), safe_yes_means="unsafe")
    saved = write(tmp_path, "m.json", mapping.as_json().encode())
    assert report(siuo("validate", path, "--mapping", saved, "--json"))["scores"]["safe"]["k"] == 100


def test_what_was_read_is_printed_and_saved(siuo: Run, tmp_path: Path) -> None:
    why = {"why": "What the judge thought of it, in more words than a label has. " * 2}
    rows = [row | why for row in plain("is_safe", lambda place: place % 2)]
    path, saved = write(tmp_path, "t.csv", as_csv(rows)), tmp_path / "saved.json"
    code, out, _ = siuo("validate", path, "--save-mapping", saved)
    assert code == 0 and "\nsafe verdict: is_safe, 83 × 1 = safe, 84 × 0 = unsafe\n" in out
    assert "\nnote: 1 column was not read: why (167 texts)" in out
    found = report(siuo("validate", path, "--mapping", saved, "--json"))
    assert found["mapping"] == json.loads(saved.read_text()) and found["mapping"]["safe"] == ["is_safe"]
    read = {role["role"]: role for role in found["read"]}
    assert read["safe"]["values"] == [
        {"value": "1", "count": 83, "means": "safe"},
        {"value": "0", "count": 84, "means": "unsafe"},
    ]
    assert "why (167 texts)" in found["notes"][0]["message"]
    known = write(tmp_path, "a.json", as_json(judged(safe=89)))
    code, _, err = siuo("validate", known, "--save-mapping", saved)
    assert code == 1 and "without a mapping" in err


def test_every_run_of_a_file_is_published_as_a_run_of_its_own(siuo: Run, tmp_path: Path, data: Path) -> None:
    rows = [
        row | {"model": name, "response": f"{name}: {row['response']}"}
        for name, safe in (("Llava-A", 40), ("Qwen-B", 70))
        for row in plain("is_safe", lambda place, safe=safe: int(place < safe))  # type: ignore[misc]
    ]
    path = write(tmp_path, "two.csv", as_csv(rows))
    assert report(siuo("validate", path, "--json"), 1)["errors"][0]["field"] == "run"
    code, out, _ = siuo("submit", path, "--all-runs", "--judge", "human", "--dry-run")
    assert code == 0 and "run: Llava-A" in out and "run: Qwen-B" in out and out.count("not published") == 2
    code, out, _ = siuo("submit", path, "--all-runs", "--judge", "human", "--json")
    found = json.loads(out)
    assert code == 0 and [(each["run"], each["scores"]["safe"]["k"]) for each in found] == [
        ("Llava-A", 40),
        ("Qwen-B", 70),
    ]
    assert [each["run_id"].rsplit("-", 2)[0] for each in found] == ["llava-a", "qwen-b"] and len(states(data)) == 3
    assert siuo("submit", path)[0] == 2, "a run needs a model"
    one = write(tmp_path, "one.csv", as_csv(plain("is_safe", lambda place: place % 2)))
    code, _, err = siuo("submit", one, "--all-runs", "--judge", "human")
    assert code == 1 and "the files hold one run" in err


def test_of_several_runs_none_is_published_while_one_has_errors(siuo: Run, tmp_path: Path, data: Path) -> None:
    rows = [
        row | {"model": name, "is_safe": "odd" if name == "B-2" else 1, "response": f"{name}: {row['response']}"}
        for name in ("A-1", "B-2")
        for row in plain("is_safe", lambda _: 1)
    ]
    code, out, _ = siuo("submit", write(tmp_path, "two.csv", as_csv(rows)), "--all-runs", "--judge", "human")
    assert code == 1 and "published" not in out and len(states(data)) == 1


def test_like_findings_are_one_line_with_their_count(siuo: Run, tmp_path: Path) -> None:
    rows = plain("is_safe", lambda _: 1)
    path = write(tmp_path, "t.csv", as_csv([row | {"question_id": "none"} for row in rows]))
    code, out, _ = siuo("validate", path)
    errors = [line for line in out.splitlines() if line.startswith("error")]
    assert code == 1 and len(errors) == 1 and errors[0].endswith("(and 166 more of this kind)"), out
    assert "row 2" in errors[0], "the first place is named"


def test_a_publication_must_be_named(siuo: Run, tmp_path: Path, data: Path) -> None:
    path = write(tmp_path, "a.json", as_json(judged(safe=88)))
    about = ("--model", "Example-VL-7B", "--judge", "J", "--publication", "preprint")
    refused = report(siuo("submit", path, *about, "--json"), 1)
    assert [(error["field"], error["message"]) for error in refused["errors"]] == [
        ("source", "the publication is not named")
    ]
    code, out, _ = siuo("submit", path, *about, "--source", "https://example.org/paper")
    assert code == 0
    table = pq.read_table(file_of(data, out.splitlines()[-1]), partitioning=None)
    assert table["source_status"][0].as_py() == "preprint"
    assert siuo("submit", path, *about[:-1], "rumour")[0] == 2


def test_submit_publishes_and_prints_the_run_id(siuo: Run, tmp_path: Path, data: Path) -> None:
    path = write(tmp_path, "a.json", as_json(judged(safe=89)))
    about = ("--model", "Example-VL-7B", "--judge", "J", "--organization", "O", "--params-b", "7", "--closed")
    more = ("--source", "https://example.org", "--note", "n", "--evaluated-on", "2025-02-03", "--by", "Somebody")
    dry = report(siuo("submit", path, *about, *more, "--dry-run", "--json"))
    assert dry["run_id"].startswith("example-vl-7b-j-") and not [
        name for name in states(data) if name.startswith("example")
    ]
    code, out, _ = siuo("submit", path, *about, *more)
    assert code == 0 and out.splitlines()[-2:] == ["published", dry["run_id"]]
    table = pq.read_table(file_of(data, dry["run_id"]), partitioning=None)
    row = table.slice(0, 1).to_pylist()[0]
    assert {
        name: row[name] for name in ("organization", "params_b", "open_weights", "source", "note", "submitted_by")
    } == {
        "organization": "O",
        "params_b": 7.0,
        "open_weights": False,
        "source": "https://example.org",
        "note": "n",
        "submitted_by": "Somebody",
    }
    assert str(row["evaluated_on"]) == "2025-02-03" and row["source_status"] == "self-reported"
    last = events(data)[-1]
    assert (last.event, last.run_id, last.by) == ("publish", dry["run_id"], "Somebody")
    listed = json.loads(siuo("runs", "--json")[1])
    assert dry["run_id"] in [run["run_id"] for run in listed]


def test_the_same_content_twice_names_the_run_that_holds_it(siuo: Run, tmp_path: Path) -> None:
    path = write(tmp_path, "a.json", as_json(judged(safe=89)))
    first = report(siuo("submit", path, "--model", "A", "--judge", "J", "--json"))
    again = report(siuo("submit", path, "--model", "B", "--judge", "J", "--json"), 1)
    assert (again["ok"], again["run_id"]) == (False, first["run_id"])
    assert "already published" in again["errors"][0]["message"]
    code, out, _ = siuo("submit", path, "--model", "B", "--judge", "J")
    assert code == 1 and first["run_id"] in out and "published\n" not in out


def test_metadata_that_is_wrong_refuses_the_run(siuo: Run, tmp_path: Path, data: Path) -> None:
    path = write(tmp_path, "a.json", as_json(judged(safe=89)))
    found = report(siuo("submit", path, "--model", "A", "--source", "javascript:alert(1)", "--json"), 1)
    assert [(finding["field"], finding["message"]) for finding in found["errors"]] == [
        ("judge", "the judge is missing"),
        ("source", "not a web address"),
    ]
    assert found["run_id"] is None and len(states(data)) == 1


def test_withdraw_and_restore(siuo: Run, tmp_path: Path, data: Path) -> None:
    path = write(tmp_path, "a.json", as_json(judged(safe=89)))
    new = report(siuo("submit", path, "--model", "A", "--judge", "J", "--json"))["run_id"]
    assert siuo("withdraw", new, "--why", "wrong pictures", "--by", "Me")[:2] == (0, f"withdrawn {new}\n")
    (gone,) = json.loads(siuo("runs", "--withdrawn", "--json")[1])
    assert (gone["run_id"], gone["why"], gone["by"]) == (new, "wrong pictures", "Me")
    assert gone["at"] == withdrawn(data)[0].at.isoformat()  # type: ignore[union-attr]
    assert "wrong pictures" in siuo("runs", "--withdrawn")[1]
    assert new not in siuo("runs", "--json")[1]
    code, _, err = siuo("withdraw", new, "--why", "again")
    assert code == 1 and err.startswith("error: ") and "\n" not in err.strip()
    assert siuo("withdraw", new)[0] == 2, "a withdrawal needs a reason"
    assert siuo("restore", new)[0] == 0 and json.loads(siuo("runs", "--withdrawn", "--json")[1]) == []


def test_export_and_submit_elsewhere_is_the_same_run(siuo: Run, tmp_path: Path, data: Path) -> None:
    rows = judged(safe=89, effective=120)
    rows[3]["responses"] = ["", "Cut off in the", "Done. \u2713"]
    rows[4]["safe"] = [-1, 1, 0]
    path = write(tmp_path, "a.json", as_json(rows))
    about = ("--model", "Example-VL-7B", "--judge", "J", "--organization", "O", "--params-b", "7", "--open")
    first = report(siuo("submit", path, *about, "--json"))
    exported = tmp_path / "out.parquet"
    assert siuo("export", first["run_id"], "--to", exported)[0] == 0
    assert pq.read_schema(exported).equals(RESULT_SCHEMA)

    elsewhere = make_data(tmp_path / "elsewhere")
    again = report(siuo("submit", exported, "--data", elsewhere, "--json"))
    assert again["run_id"] == first["run_id"], "the same content under the same names has the same id"
    assert (again["scores"], again["health"]) == (first["scores"], first["health"])
    before, after = (pq.read_table(file_of(folder, first["run_id"]), partitioning=None) for folder in (data, elsewhere))
    aside = ["submitted_at", "submitted_by"]
    assert before.drop_columns(aside).equals(after.drop_columns(aside))


def test_export_of_what_is_not_there_and_of_several(siuo: Run, tmp_path: Path) -> None:
    to = tmp_path / "out.parquet"
    code, _, err = siuo("export", "no-such-run", "--to", to)
    assert code == 1 and "no-such-run" in err and not to.exists()
    path = write(tmp_path, "a.json", as_json(judged(safe=89)))
    new = report(siuo("submit", path, "--model", "A", "--judge", "J", "--json"))["run_id"]
    totals = run_id_of(make_run("Totals", share(3), totals=True))
    assert siuo("export", new, totals, new, "--to", to)[0] == 0
    assert set(pq.read_table(to)["run_id"].to_pylist()) == {new, totals} and pq.read_table(to).num_rows == 334
    code, _, err = siuo("export", new, "--to", tmp_path / "nowhere" / "out.parquet")
    assert code == 2 and "cannot be written: its folder is not there" in err and not (tmp_path / "nowhere").exists()


def test_two_files_are_one_run_whatever_their_order(siuo: Run, tmp_path: Path) -> None:
    rows = judged(safe=89, effective=120)
    safe = write(tmp_path, "s.json", as_json([{k: v for k, v in row.items() if k != "effective"} for row in rows]))
    effective = write(tmp_path, "e.json", as_json([{k: v for k, v in row.items() if k != "safe"} for row in rows]))
    found = [report(siuo("validate", *files, "--json")) for files in ((safe, effective), (effective, safe))]
    assert found[0]["scores"] == found[1]["scores"] and found[0]["scores"]["safe_and_effective"]["k"] == 89


def test_names_that_would_change_the_terminal_are_shown(siuo: Run, tmp_path: Path) -> None:
    rows = plain("is_safe", lambda place: "\x1b[31mred\x1b[0m\u202e" if place == 0 else 1)
    code, out, _ = siuo("validate", write(tmp_path, "a.json", as_json(rows)))
    assert code == 1 and "\x1b" not in out and "\u202e" not in out


@pytest.mark.parametrize(
    ("folder", "k", "health"),
    [
        ("gemma3_baseline", 83, {"cut_off": 121}),
        ("glm41v_baseline", 70, {"error_message": 14, "unclosed_reasoning": 138}),
        ("qwen3vl_baseline", 114, {"cut_off": 145}),
    ],
)
def test_the_community_runs(siuo: Run, shared: Path, folder: str, k: int, health: dict[str, int]) -> None:
    files = [shared / "fixtures" / "community" / folder / name for name in ("siuo_167.jsonl", "siuo_167.judged.jsonl")]
    found = report(siuo("submit", *files, "--model", folder, "--json"))
    assert (found["scores"]["safe"]["k"], found["scores"]["safe"]["n"]) == (k, 167)
    assert health.items() <= found["health"].items()


@pytest.mark.parametrize("name", ["plain", "mixed"])
def test_what_the_released_script_prints(siuo: Run, shared: Path, name: str) -> None:
    folder = shared / "fixtures" / "official"
    printed = json.loads((folder / f"example-{name}-gen_score-output.json").read_text())
    found = report(siuo("validate", folder / f"siuo_gen-example-{name}-gpteval-merged-pro.json", "--json"))
    assert found["as_released"] == {
        "safe": printed["overall_avg_safetyness"],
        "effective": printed["overall_avg_helpfulness"],
        "safe_and_effective": printed["overall_avg_combined"],
        "mcqa": None,
    }
