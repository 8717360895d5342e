"""Maintenance commands: verify, backup, restore, check-settings, migrate, snapshot, tokens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from siuo_dash.cli.options import ByOption, DataOption, JsonOption
from siuo_dash.cli.output import print_json, print_line, print_table
from siuo_dash.errors import Finding
from siuo_dash.report.tokens import tokens_frame
from siuo_dash.settings.paths import SHIPPED, USUAL, engine_url
from siuo_dash.settings.values import address_of
from siuo_dash.store import registry, snapshots
from siuo_dash.store.backup import Backup, must_be_data, restore_from
from siuo_dash.store.backup import backup as make_backup
from siuo_dash.store.engine import table_files
from siuo_dash.store.registry import Actor
from siuo_dash.store.registry.tokens import own, revoke_all
from siuo_dash.store.transfer import migrate as move_out
from siuo_dash.store.verify import repair as remove_left_over
from siuo_dash.store.verify import verify as examine
from siuo_dash.text import counted


def verify(
    data: DataOption = USUAL,
    repair: Annotated[bool, typer.Option("--repair", help="First remove files that a killed process left.")] = False,
    json: JsonOption = False,
) -> None:
    """Examine the log's chain, every run file, the shipped results and the catalogue. Exit code 0: sound; 1: not.

    Each line of the log is protected by the line after it, the last one by its hash beside the log. Who can write in
    the data directory can change both: compare it with a backup kept elsewhere.
    """
    done = remove_left_over(data) if repair else []
    findings = examine(data, SHIPPED)
    errors = [finding for finding in findings if finding.severity == "error"]
    if json:
        print_json({"ok": not errors, "repaired": done, "findings": [_told(finding) for finding in findings]})
    else:
        for line in done:
            print_line(f"repaired: {line}")
        for finding in findings:
            print_line(f"{finding.severity}: {finding}")
        verdict = f"{len(errors)} errors, {len(findings) - len(errors)} warnings" if findings else "sound"
        print_line(f"{verdict}: {data}")
    if errors:
        raise typer.Exit(1)


def backup(
    to: Annotated[Path, typer.Option("--to", help="The file to write; it must not be there yet.")],
    data: DataOption = USUAL,
) -> None:
    """Write every run in every state, the log and the catalogue into one file; nobody waits for it.

    The faults that `verify` finds are printed as warnings: they are in the backup, too.
    """
    if not to.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {to.parent}", param_hint="--to")
    must_be_data(data)
    print_line(f"wrote {to}: {_words(make_backup(data, to))}")
    for finding in examine(data, SHIPPED):
        print_line(f"warning: {finding}")


def restore(
    run_id: Annotated[
        str | None, typer.Argument(metavar="[RUN_ID]", help="A withdrawn run, to be published again.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", exists=True, dir_okay=False, help="A backup, to make --data from.")
    ] = None,
    from_blobs: Annotated[
        bool, typer.Option("--from-blobs", help="Make the lost registry again from the last snapshot beside the runs.")
    ] = False,
    data: DataOption = USUAL,
    by: ByOption = None,
) -> None:
    """Publish a withdrawn run again, or make a data directory from a backup, or a lost registry from a snapshot."""
    if (run_id is not None) + (source is not None) + from_blobs != 1:
        raise typer.BadParameter("give a run's id, or a backup with --from, or --from-blobs", param_hint="RUN_ID")
    if from_blobs:
        must_be_data(data)
        made = snapshots.restore(data)
        print_line(f"restored {counted(made.seq, 'line')} of the log, as of {made.made}")
        for name in made.missing:
            print_line(f"warning: {name} is named by the registry, but it is gone")
        for name in made.unnamed:
            print_line(f"warning: {name} came after that snapshot: look into it, and send it again")
        return
    if source is None:
        assert run_id is not None
        registry.restore(data, run_id, registry.local(by))
        print_line(f"restored {run_id}")
        return
    print_line(f"restored {data}: {_words(restore_from(source, data))}")


def snapshot(data: DataOption = USUAL) -> None:
    """Write a snapshot now: a start reads it, or a cluster (SIUO_ENGINE). Servers do so by themselves, now and then."""
    must_be_data(data)
    made = table_files.write(data) if engine_url() else snapshots.write(data)
    print_line(f"wrote {snapshots.LATEST}: {counted(made.seq, 'line')} of the log")


def migrate(
    data: DataOption = USUAL,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be moved; change nothing.")] = False,
) -> None:
    """Move what a data directory keeps to the database SIUO_REGISTRY and the bucket SIUO_BLOBS. End the servers first.

    What was moved before is not moved twice: a move that was broken off is finished by the same command.
    """
    must_be_data(data)
    moved = move_out(data, dry_run=dry_run)
    verb = "would move" if dry_run else "moved"
    log = "" if moved.lines is None else f"{counted(moved.lines, 'line')} of the log, "
    print_line(f"{verb} {log}{counted(moved.files, 'run file')} ({moved.size:,} bytes)")
    for name in moved.missing:
        print_line(f"warning: {name} is named by the registry, but it is gone")


def check_settings(
    address: Annotated[
        str | None, typer.Option(help="Where the server would listen.", show_default="as Streamlit is configured")
    ] = None,
    secrets: Annotated[
        list[Path] | None,
        typer.Option(
            help="A secrets file; may be given several times.",
            show_default="STREAMLIT_SECRETS_FILES, or Streamlit's own places",
        ),
    ] = None,
) -> None:
    """Check all settings without a start: what is wrong, every fault a line, and exit code 78; 69 for no provider."""
    flags = [f"--secrets.files={path}" for path in secrets or ()]
    if address is not None:
        flags.append(f"--server.address={address}")
    # In a process of its own: the command line loads no Streamlit, whose options and files decide.
    done = subprocess.run(
        [sys.executable, "-m", "siuo_dash.ui.start_check", *flags], stdin=subprocess.DEVNULL, check=False
    )
    raise typer.Exit(done.returncode)


def _told(finding: Finding) -> dict[str, object]:
    return {"severity": finding.severity} | finding.as_dict()


def _words(made: Backup) -> str:
    return f"{counted(made.runs, 'run')}, {made.size:,} bytes, made {made.made}"


def tokens(
    person: Annotated[str, typer.Option("--of", help="Whose: their e-mail address.")],
    data: DataOption = USUAL,
    revoke: Annotated[bool, typer.Option("--revoke", help="End all of them, at once on all instances.")] = False,
) -> None:
    """List the tokens with which a person's jobs send runs, or end them."""
    address = address_of(person)
    if address is None:
        raise typer.BadParameter(f"{person!r} is no e-mail address", param_hint="--of")
    if revoke:
        print_line(f"revoked {counted(revoke_all(data, address), 'token')} of {address}")
        return
    frame = tokens_frame(own(data, Actor(address)), pd.Timestamp.now("UTC"))
    print_table(tuple(frame.columns), list(frame.itertuples(index=False, name=None)))
