"""Where the registry and the run files are kept, who answers queries, and what may not be kept together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from siuo_dash.settings import paths

DRIVER: Final = "postgresql+psycopg"
SNAPSHOTS: Final = "snapshots"
"""In place of a database: the registry of the last snapshot, which can only be shown."""
BUCKETS: Final = ("s3://", "gs://", "abfs://")
NO_DRIVER: Final = (
    "the library for PostgreSQL is not installed",
    "pip install -r requirements-postgres.txt, or pip install 'siuo-dash[postgres]'",
)
NO_CLUSTER: Final = ("the library for a cluster is not installed", "pip install 'siuo-dash[spark]'")
ON_A_NETWORK: Final = (
    "the data directory is on a network disk ({kind}), where an SQLite database loses what two machines write at once",
    "keep it on a local disk, or keep the registry in PostgreSQL (SIUO_REGISTRY, docs/scale.md)",
)
"""What is wrong, and the next step."""

_SHARED: Final = {
    *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "coda"),
    *("ceph", "lustre", "gpfs", "beegfs", "ocfs2", "gfs2", "orangefs", "panfs"),
}
_LOCAL_FUSE: Final = {
    *("fuse.bindfs", "fuse.mergerfs", "fuse.encfs", "fuse.gocryptfs", "fuse.cryfs", "fuse.ntfs-3g", "fuse.exfat"),
    *("fuse.fuse-overlayfs", "fuse.lxcfs", "fuse.grpcfuse", "fuse.osxfs", "fuse.portal", "fuse.snapfuse", "fuse.zfs"),
}
"""File systems in user space of one machine; any other may be anybody's bucket or server."""
_MOUNTS: Final = Path("/proc/mounts")


def shared_by_machines(path: Path, mounts: str | None = None) -> str:
    """The type of the network file system that a path is on; "" on a local disk, or where the system does not say.

    mounts: the system's list of mounts, as /proc/mounts has it.
    """
    if mounts is None:
        mounts = ""
        with suppress(OSError):
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    resolved, found, longest = path.resolve(), "", -1
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        place = Path(_unescaped(fields[1]))
        # The last of several mounts on one place hides the others.
        if resolved.is_relative_to(place) and len(place.parts) >= longest:
            found, longest = fields[2].casefold(), len(place.parts)
    far = found in _SHARED or (found.startswith("fuse.") and found not in _LOCAL_FUSE)
    return found if far else ""


def _unescaped(place: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        place = place.replace(code, character)
    return place


def database(url: str) -> str:
    """The address of a database, with its driver. ValueError, in words without a password, for any but PostgreSQL's."""
    try:
        parts = urlsplit(url)
        known = bool(parts.scheme and parts.netloc) or parts.port is not None
    except ValueError:
        known = False
    if not known:
        raise ValueError(f"is no address of a database: {DRIVER}://user@host/name")
    if parts.scheme not in (DRIVER, "postgresql", "postgres"):
        raise ValueError(f"begins with {parts.scheme}:, but only {DRIVER}:// is understood")
    if not parts.path.strip("/"):
        raise ValueError(f"names no database: {DRIVER}://user@host/name")
    return parts._replace(scheme=DRIVER).geturl()


def only_shows() -> bool:
    """Whether this instance shows snapshots of another one's registry, and keeps nothing."""
    return paths.registry_url() == SNAPSHOTS


def faults(*, hosted: bool, instances: int, uploads: str = "nobody") -> Iterator[str]:
    """Why the registry and the run files must not be kept where they are, one a line. instances: 0 = nobody said."""
    registry, blobs = paths.registry_url(), paths.blobs_url()
    if registry == SNAPSHOTS:
        if hosted and uploads != "nobody":
            yield "SIUO_REGISTRY is snapshots, where nothing can be kept: set SIUO_UPLOADS=nobody"
    elif registry:
        try:
            database(registry)
            if find_spec("psycopg") is None:
                yield f"SIUO_REGISTRY: {': '.join(NO_DRIVER)}"
        except ValueError as error:
            yield f"SIUO_REGISTRY {error}"
    elif kind := shared_by_machines(paths.data_dir()):
        yield f"{': '.join(ON_A_NETWORK).format(kind=kind)}"
    if blobs and not blobs.startswith(BUCKETS):
        yield f"SIUO_BLOBS must begin with {', '.join(BUCKETS)}; unset it to keep run files in the data directory"
    if engine := paths.engine_url():
        if not engine.startswith("sc://"):
            yield "SIUO_ENGINE must begin with sc://, as in sc://127.0.0.1:15002; unset it to use DuckDB"
        elif find_spec("pyspark") is None or find_spec("sqlglot") is None:
            yield f"SIUO_ENGINE: {', '.join(NO_CLUSTER)}"
        elif blobs.startswith("abfs://"):
            yield "SIUO_ENGINE reads the run files' folder, or a bucket of s3:// or gs://, but SIUO_BLOBS is abfs://"
    if hosted and blobs and not registry and instances != 1:
        yield (
            "the run files are in a bucket (SIUO_BLOBS), but the registry is a file of this machine, which no second "
            "instance would see: set SIUO_REGISTRY, or SIUO_INSTANCES=1 if there is one instance only"
        )
