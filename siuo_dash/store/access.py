"""Whether a data directory can be looked into, and by whom it may be written."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from siuo_dash.errors import Finding, SubmissionError
from siuo_dash.store.runs.parquet import AS_SERVICE


def no_directory(data_dir: Path) -> Finding | None:
    """Why a data directory cannot be examined at all, or None."""
    try:
        is_directory = stat.S_ISDIR(data_dir.stat().st_mode)
    except PermissionError:
        return Finding("error", "no permission to look at the data directory", AS_SERVICE, str(data_dir))
    except OSError:
        return Finding("error", "the data directory is not there", "check the path, or mount it", str(data_dir))
    if not is_directory:
        hint = "this is a file; name the directory that holds samples.csv"
        return Finding("error", "the data directory is not there", hint, str(data_dir))
    if not os.access(data_dir, os.R_OK | os.X_OK):
        return Finding("error", "no permission to look into the data directory", AS_SERVICE, str(data_dir))
    return None


def must_be_owner(data_dir: Path) -> None:
    """Raise SubmissionError for root in another user's directory, where what root made would shut out the service."""
    try:
        owner = data_dir.stat().st_uid
    except OSError:  # whoever reads or writes it says why
        return
    if os.geteuid() == 0 and owner != 0:
        try:
            name, user = (pwd.getpwuid(owner).pw_name,) * 2
        except KeyError:
            name, user = f"the user {owner}", f"'#{owner}'"
        raise SubmissionError(
            f"this directory belongs to {name}, and what root writes there would shut {name} out",
            where=str(data_dir),
            hint=f"run it as {name}: sudo -u {user} …",
        )
