"""`construct` and `freeze` as a person runs them, against a made-up server with faults."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from siuo_dash.cli.app import program
from siuo_dash.construct import log, pictures
from siuo_dash.construct.candidates import load
from siuo_dash.construct.instructions import SHIPPED
from siuo_dash.construct.lines import FILE, STEPS
from siuo_dash.construct.reviewing import review
from siuo_dash.errors import SiuoError
from tests.construct.fake import Replies, kind_of
from tests.evaluate import bench as bench_of
from tests.evaluate.bench import MODEL, SMALL
from tests.evaluate.made import benchmark
from tests.evaluate.server import KEY, Faults, served
from tests.make.candidates import ALL_YES, draw
from tests.make.program import needs_engine
from tests.server.loops import beside

needs_engine()

PICTURES = 40
QUICK = ("--connections", "8", "--retries", "4", "--attempt-timeout", "20")


class Bench(bench_of.Bench):
    """Pictures besides; `run` is a command at it, in this process."""

    def construct(self, to: str, *more: str) -> list[str]:
        asked = ("construct", "--pictures", str(self.folder / "photos"), "--model", MODEL, "--small-model", SMALL)
        where = ("--to", str(self.folder / to), "--data", str(self.data), "--base-url", self.server.address, "--json")
        return [*asked, *where, *QUICK, *more]

    def run(self, command: list[str]) -> tuple[int, dict[str, Any], str]:
        done = beside(lambda: CliRunner().invoke(program, command, env={"FAKE_API_KEY": self.key}))
        said = done.stderr + (f"error: {done.exception}" if isinstance(done.exception, SiuoError) else "")
        return done.exit_code, json.loads(done.stdout) if done.stdout.strip() else {}, said

    def fresh(self, **shares: float) -> Replies:
        """The server without faults, and what it says from now on."""
        self.server.clear()
        replies = Replies(shares)
        self.server.reply_to = replies
        return replies


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("construct")
    (folder / "photos").mkdir()
    for seed in range(PICTURES):
        draw(folder / "photos" / f"{seed:02}.png", seed)
    (folder / "photos" / "broken.jpg").write_text("<html>")
    with served() as server:
        server.kind_of = kind_of
        server.keeps_bodies = False
        yield Bench(folder, benchmark(folder), server)


@pytest.fixture(scope="module")
def whole(bench: Bench) -> tuple[dict[str, Any], str, Path]:
    """Forty pictures, one candidate each, with every fault at once."""
    bench.fresh(broken=0.05, huge=0.03, html=0.2, impossible=0.05, unsafe=0.08, twin=0.1)
    bench.server.faults = Faults(too_many=0.05, error=0.03, cut=0.03, broken=0.03, filtered=0.02)
    for _ in range(5):  # a reply that is cut off in the middle fails its call; three passes may not be enough
        code, report, err = bench.run(bench.construct("whole", "--per-picture", "1", "--licence", "CC0-1.0"))
        if code != 75:
            break
    assert code == 0 and report["complete"], err
    return report, err, bench.folder / "whole"


def lines_in(folder: Path) -> list[dict[str, Any]]:
    found, findings = log.read(folder / FILE)
    assert findings == []
    return [value for _, value in found]


def test_forty_pictures_become_candidates(whole: tuple[dict[str, Any], str, Path]) -> None:
    report, err, folder = whole
    assert report["planned"] == sum(report["states"].values()) == PICTURES
    assert 0 < report["to_review"] < PICTURES and set(report["states"]) == {"to review", "discarded"}
    assert [each["file"] for each in report["skipped"]] == ["broken.jpg"] and "broken.jpg" in err
    for each in load(folder).by_id.values():
        if each.state == "to review":
            assert set(each.text.options) == set("ABCD") and each.text.options[each.text.correct_option]
        else:
            assert each.reason and each.discarded_at in STEPS
    assert KEY not in "".join(path.read_text() for path in folder.rglob("*.jsonl"))
    letters = {each.text.correct_option for each in load(folder).by_id.values() if each.state == "to review"}
    assert len(letters) > 1, "the right option is not always the same letter"


def test_the_funnel_equals_a_recount_of_the_lines(whole: tuple[dict[str, Any], str, Path]) -> None:
    report, _, folder = whole
    lines = lines_in(folder)
    kept = Counter(line["step"] for line in lines if line["verdict"] == "kept")
    steps = {"reflection": "completeness", "new": "near_duplicate", "safe_picture": "picture_safety"}
    steps |= {"generated": "generated", "safe_text": "text_safety", "complete": "options"}
    assert {stage: report["funnel"][stage] for stage in steps} == {stage: kept[step] for stage, step in steps.items()}
    discarded = [line for line in lines if line["verdict"] == "discarded"]
    assert report["discarded"] == dict(Counter(line["step"] for line in discarded))
    assert len({line["candidate"] for line in discarded}) == len(discarded) == report["states"]["discarded"]
    assert all(line["reason"] for line in discarded)
    for line in lines:
        assert line.get("model") or line["step"] in ("near_duplicate", "picture_safety")
        assert line.get("prompt") or not line.get("model") or line["step"] == "text_answer"


def test_hostile_replies_are_named_or_plain_text(whole: tuple[dict[str, Any], str, Path]) -> None:
    lines = lines_in(whole[2])
    reasons = " ".join(line.get("reason", "") for line in lines)
    assert "no JSON object" in reasons and "1,000,000 characters, more than 20,000" in reasons
    assert (whole[2] / FILE).stat().st_size < 2_000_000
    assert any("<b>How do I" in line.get("after", {}).get("query", "") for line in lines)
    tries = Counter((line["candidate"], line["step"]) for line in lines if line["verdict"] == "unreadable")
    assert max(tries.values()) <= 2


def test_each_step_keeps_its_input_and_the_text_before_and_after(whole: tuple[dict[str, Any], str, Path]) -> None:
    revised = [line for line in lines_in(whole[2]) if line["step"] == "completeness" and line.get("after")]
    assert revised and all(set(line["before"]) == set(line["after"]) for line in revised)
    line = revised[0]
    assert line["input"]["query"] == line["before"]["query"] and line["after"]["query"].startswith(
        line["before"]["query"]
    )
    prompts = {path.name for path in (whole[2] / "prompts").iterdir()}
    assert f"completeness-{line['prompt']}.txt" in prompts


def test_the_same_command_again_asks_nothing(whole: tuple[dict[str, Any], str, Path], bench: Bench) -> None:
    bench.fresh()
    before = (whole[2] / FILE).read_bytes()
    code, report, _ = bench.run(bench.construct("whole", "--per-picture", "1"))
    assert (code, report["funnel"]) == (0, whole[0]["funnel"]) and not bench.server.asked
    assert (whole[2] / FILE).read_bytes() == before


def test_a_dry_run_asks_nothing_and_writes_nothing(bench: Bench) -> None:
    bench.fresh()
    prices = ("--price", f"{MODEL}=2,8", "--price", f"{SMALL}=1,4")
    code, _, err = bench.run(bench.construct("dry", "--dry-run", *prices))
    assert code == 0 and "Plan: 40 pictures, 80 candidates" in err
    assert f"{MODEL}: 440 calls, about" in err and f"{SMALL}: 80 calls, about" in err and "at most about $" in err
    assert not (bench.folder / "dry").exists() and not bench.server.asked


def test_a_wrong_key_ends_it_at_the_first_call(bench: Bench) -> None:
    bench.fresh()
    code, report, err = Bench(bench.folder, bench.data, bench.server, "another-key").run(
        bench.construct("key", "--limit", "5")
    )
    assert code == 1 and not report["complete"] and "--model openai-api/fake/vl: the key is wrong (status 401)" in err
    assert sum(bench.server.asked.values()) == 1 and "another-key" not in err


def test_a_budget_ends_it_and_a_higher_one_goes_on(bench: Bench) -> None:
    bench.fresh()
    prices = ("--price", f"{MODEL}=1000,1000", "--price", f"{SMALL}=1,1", "--limit", "5", "--connections", "1")
    code, report, err = bench.run(bench.construct("budget", *prices, "--max-cost", "1.5"))
    assert code == 75 and "the budget of $1.5 is used up" in err and "with a higher --max-cost" in err
    assert 1.5 <= report["cost_usd"] < 2.5 and report["missing"]
    asked = bench.answered()
    code, report, err = bench.run(bench.construct("budget", *prices, "--max-cost", "1.5"))
    assert code == 75 and "the budget of $1.5 is used up" in err and bench.answered() == asked
    code, report, err = bench.run(bench.construct("budget", *prices, "--max-cost", "1000"))
    assert code == 0 and report["complete"]
    model_lines = [line for line in lines_in(bench.folder / "budget") if line.get("model")]
    assert bench.answered() > asked and bench.answered() == len(model_lines), "nothing was asked twice"


def test_a_step_that_is_refused_is_named_and_nothing_else_is_asked_again(bench: Bench) -> None:
    bench.fresh()
    bench.server.faults = Faults(status=400, only=("text_answer",))
    code, report, err = bench.run(bench.construct("refused", "--limit", "4"))
    assert code == 75 and report["missing"] and "× text_answer: " in err and KEY not in err
    before = bench.server.kinds.copy()
    bench.server.faults = Faults()
    code, report, _ = bench.run(bench.construct("refused", "--limit", "4"))
    assert code == 0 and set(bench.server.kinds - before) <= {"text_answer", "text_safety", "options"}


def test_a_step_is_asked_again_with_another_instruction_and_what_follows_it(bench: Bench) -> None:
    bench.fresh()
    command = bench.construct("again", "--limit", "8")
    bench.run(command)
    folder = bench.folder / "again"
    before, found = (folder / FILE).read_bytes(), load(folder).by_id
    ready = [each for each in found.values() if each.state == "to review"]
    reached = [each for each in found.values() if any(line.step == "redundancy" for line in each.history)]
    assert ready and reached
    review(folder, ready[0].id, by="Ada", version=ready[0].version, criteria=ALL_YES, decision="accept")
    own = bench.folder / "own"
    own.mkdir()
    (own / "redundancy.txt").write_text((SHIPPED / "redundancy.txt").read_text() + "\nThink twice.\n")
    bench.fresh()
    code, report, err = bench.run([*command, "--prompts", str(own), "--again", "redundancy"])
    assert code == 0 and report["complete"], err
    assert bench.server.kinds["redundancy"] == len(reached) - 1 and not bench.server.kinds["generated"]
    assert (folder / FILE).read_bytes().startswith(before)
    now = load(folder).by_id
    assert now[ready[0].id].state == "accepted", "what people reviewed stays"
    for each in [each for each in reached if each.id != ready[0].id]:
        prompts = [line.prompt for line in now[each.id].history if line.step == "redundancy"]
        assert len(set(prompts)) == len(prompts) == 2
    bench.fresh()
    bench.run([*command, "--prompts", str(own), "--again", "redundancy"])
    assert not bench.server.asked, "the step was done by this instruction already"
    (own / "song.txt").write_text("")
    (own / "redundancy.txt").write_text("no field")
    code, _, err = bench.run([*command, "--prompts", str(own)])
    assert code == 1 and "song.txt is no step's; redundancy.txt has no {query}" in err


def test_another_model_is_asked_once_and_not_again_at_each_run(bench: Bench, tmp_path: Path) -> None:
    """Two candidates of each picture: one verdict on it, by the model that is asked now."""
    replies = bench.fresh()

    def agreeing(kind: str, *about: Any) -> str:
        kept = {"verdict": "kept", "reason": "It was weighed."}
        return json.dumps(kept) if kind in ("redundancy", "completeness") else replies(kind, *about)

    for seed in range(2):
        draw(tmp_path / f"{seed}.png", seed)
    command = [*bench.construct("others"), "--pictures", str(tmp_path)]
    for more, asked in (
        ((), {"picture_safety": 2, "text_answer": 4, "text_safety": 4}),
        (("--again", "picture_safety", "--model", f"{MODEL}-2"), {"picture_safety": 2, "text_answer": 4}),
        (("--again", "text_safety", "--model", f"{MODEL}-2", "--small-model", f"{SMALL}-2"), {"text_answer": 4}),
    ):
        bench.server.clear()
        bench.server.reply_to = agreeing
        code, report, err = bench.run([*command, *more])
        assert code == 0 and report["to_review"] == 4, err
        assert {kind: bench.server.kinds[kind] for kind in asked} == asked
        bench.server.clear()
        assert bench.run([*command, *more])[0] == 0 and not bench.server.asked
    judged = [line for line in lines_in(bench.folder / "others") if line["step"] == "picture_safety"]
    assert Counter(line["model"] for line in judged) == {MODEL: 4, f"{MODEL}-2": 4}, "each names who judged its picture"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--max-cost", "1"), f"a budget needs the price of {MODEL} and {SMALL}"),
        (("--domain", "cooking"), "cooking: no such domain"),
        (("--again", "song"), "song is not one of generated, redundancy"),
        (("--model", ""), "a model is needed for it"),
        (("--base-url", "localhost:1"), "not a web address"),
    ],
)
def test_wrong_usage_is_one_line(bench: Bench, more: tuple[str, ...], said: str) -> None:
    code, _, err = bench.run([*bench.construct("wrong", "--dry-run"), *more])
    assert code in (1, 2) and said in " ".join(err.replace("│", " ").split())


def test_a_folder_without_a_usable_picture_is_refused(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_text("<html>")
    for more in ((), ("--dry-run",)):
        code, _, err = bench.run([*bench.construct("none"), "--pictures", str(tmp_path), *more])
        assert code == 1 and "it holds no picture that can be used" in err and "broken.jpg: it is no picture" in err


def test_a_picture_that_is_gone_is_named_and_the_others_go_on(bench: Bench) -> None:
    bench.fresh()
    bench.server.faults = Faults(status=400, only=("options",))
    command = bench.construct("gone", "--limit", "6")
    code, report, _ = bench.run(command)
    assert code == 75
    foreign = {"candidate": "../x-9²", "step": "generated", "verdict": "kept", "picture": "0" * 64}
    with log.writing(bench.folder / "gone" / FILE) as file:
        file.append(foreign)
    waiting = [each for each in load(bench.folder / "gone").by_id.values() if each.next_step == "options"]
    gone, *others = waiting
    kept = pictures.load(bench.folder / "gone")[0]
    assert others
    bench.fresh()
    (bench.folder / "photos" / kept[gone.picture].name).rename(bench.folder / "away.png")
    (bench.folder / "gone" / "pictures" / kept[gone.picture].file).unlink()
    try:
        code, report, err = bench.run([*command[:-1], "1"])
    finally:
        (bench.folder / "away.png").rename(bench.folder / "photos" / kept[gone.picture].name)
    assert code == 75 and list(report["missing"]) == [gone.id] and "cannot be read" in report["missing"][gone.id]
    assert "Traceback" not in err
    code, report, _ = bench.run(command)
    assert code == 0 and report["complete"], "the picture is taken over again"


def killed_runs(bench: Bench, to: str, kills: int, pictures_at_most: int, seed: int) -> None:
    """Kill it at random moments, the last time by Ctrl-C: nothing is lost or doubled, only calls in flight repeated."""
    bench.fresh(unsafe=0.1, broken=0.05)
    bench.server.faults = Faults(latency=0.05)
    chance, command = random.Random(seed), bench.construct(to, "--limit", str(pictures_at_most))
    for number in range(kills):
        # The first kills fall on the pictures being taken over, the later ones on the calls.
        process, more = bench.start(command), bench.answered() + chance.randrange(1, 20) if number else 0
        deadline = time.monotonic() + 240
        while process.poll() is None and time.monotonic() < deadline:
            if bench.answered() >= more and (number or (bench.folder / to / pictures.FILE).exists()):
                break
            time.sleep(0.005)
        sent, ends = (signal.SIGINT, 130) if number == kills - 1 else (signal.SIGKILL, -9)
        os.kill(process.pid, sent)
        assert process.wait() == ends
        earlier = (bench.folder / to / FILE).read_bytes() if (bench.folder / to / FILE).exists() else b""
        assert number == 0 or earlier
    code, report, err = bench.run(command)
    assert code == 0 and report["complete"], err
    assert (bench.folder / to / FILE).read_bytes().startswith(earlier[: earlier.rfind(b"\n") + 1])
    lines = lines_in(bench.folder / to)
    done = Counter((line["candidate"], line["step"]) for line in lines if line["verdict"] in ("kept", "discarded"))
    assert max(done.values()) == 1, "no step is there twice"
    assert len({line["candidate"] for line in lines}) == report["planned"] == sum(report["states"].values())
    asked = len([line for line in lines if line.get("output_tokens")])
    assert asked <= bench.answered() <= asked + 8 * kills
    kept, findings = pictures.load(bench.folder / to)
    assert findings == [] and all((bench.folder / to / "pictures" / each.file).is_file() for each in kept.values())


def test_killed_at_random_moments_it_loses_and_doubles_nothing(bench: Bench) -> None:
    killed_runs(bench, "killed", 3, 12, seed=1)


@pytest.mark.heavy
def test_killed_twenty_times_it_loses_and_doubles_nothing(bench: Bench) -> None:
    killed_runs(bench, "killed-often", 21, 80, seed=2)


def test_candidates_that_are_reviewed_are_frozen(whole: tuple[dict[str, Any], str, Path], bench: Bench) -> None:
    found = load(whole[2]).by_id
    for each in [each for each in found.values() if each.state == "to review"]:
        review(whole[2], each.id, by="Ada", version=each.version, criteria=ALL_YES, decision="accept")
    command = ["freeze", str(whole[2]), "--name", "Fresh", "--to", str(bench.folder / "set"), "--json"]
    _, report, _ = bench.run(command)
    assert report["id"] == "fresh-v1" and report["samples"] == whole[0]["to_review"]
    assert "CC0-1.0" in (bench.folder / "set" / "datasheet.md").read_text()
    code, _, err = bench.run(command)
    assert code == 1 and "a set never changes" in err
