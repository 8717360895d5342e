"""The command line: every command with an example, and errors as one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Final

import typer

from siuo_dash.cli import (
    audit,
    benchmark,
    construct,
    evaluate,
    keeping,
    published,
    rankings,
    serving,
    sets,
    submissions,
)
from siuo_dash.errors import SiuoError

program = typer.Typer(
    name="siuo_dash",
    help="Read, check and publish results of the SIUO benchmark.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS: Final[tuple[tuple[Callable[..., None], str], ...]] = (
    (serving.run, "run --port 8600"),
    (rankings.boards, "boards --format json"),
    (rankings.leaderboard, "leaderboard --board human-3 --metric safe --format latex > table.tex"),
    (rankings.build, "build"),
    (rankings.runs, "runs --withdrawn --json"),
    (rankings.withdraw, 'withdraw my-model-human-1a2b3c4d --why "the judge saw other pictures"'),
    (rankings.export, "export my-model-human-1a2b3c4d --to my-model.parquet"),
    (submissions.validate, "validate responses.jsonl verdicts.jsonl --mapping mapping.json --json"),
    (submissions.submit, "submit results.json --model Example-7B --judge human --params-b 7 --open"),
    (
        published.submit_published,
        'submit-published --model "X-7B + ETA" --base-model X-7B --method ETA --judge gpt-4o --safe "53.29%"'
        " --source https://example.org/paper",
    ),
    (evaluate.evaluate, "evaluate --model openai/gpt-4o --judge openai/gpt-4o-mini-2024-07-18 --publish"),
    (evaluate.judge, "judge responses.jsonl --judge openai/gpt-4o-mini-2024-07-18"),
    (construct.construct, "construct --pictures photos --model openai/gpt-4o --small-model openai/gpt-4o-mini"),
    (audit.audit, "audit --model openai/gpt-4o --candidates data/candidates/photos"),
    (construct.freeze, "freeze data/candidates/photos --name fresh --to fresh-v1"),
    (keeping.verify, "verify --repair"),
    (keeping.backup, "backup --to siuo-2026-11-21.tar"),
    (keeping.restore, "restore my-model-human-1a2b3c4d; restore --from siuo-2026-11-21.tar --data /srv/siuo"),
    (keeping.snapshot, "snapshot --data /srv/siuo"),
    (keeping.migrate, "migrate --dry-run --data /srv/siuo"),
    (keeping.tokens, "tokens --of somebody@example.org --revoke"),
    (keeping.check_settings, "check-settings --secrets /etc/siuo-dash/secrets.toml"),
    (benchmark.fetch, "fetch-benchmark --from ~/Downloads/SIUO"),
    (benchmark.fetch_words, "fetch-responses"),
)
"""Each command's function, and an example of its use, which begins with its name."""
for _function, _example in COMMANDS:
    program.command(_example.split()[0], epilog=f"Example: python -m siuo_dash {_example}")(_function)
program.add_typer(sets.program, name="sets")


def main() -> None:
    """Run the command line; the project's own errors are one line on standard error, and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names are Unicode, whatever the terminal's language
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        program(prog_name="python -m siuo_dash")
    except SiuoError as error:
        print(" ".join(f"error: {error}".split()), file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        raise SystemExit(0) from None
