"""The tables of the registry. Every change is one transaction that holds the one row of `head`; see `opening`.

`runs`: a row for each run that was ever published, drafted or submitted; shipped runs are not in it.

    run_id         as pages show it; it can differ from the run_id in the file, over which it is laid when that is read
    state          one of the states of log.MOVES: draft, pending, published, withdrawn, rejected, superseded,
                   retracted. Pages show `published` alone
    number         the line of the log that brought it: runs in their order
    changed        the line of the log that changed it last: what changed since a version has a greater one
    sent           the line of the log that first showed it to reviewers or to everybody; null = a draft that never was
    content_hash   of its rows (benchmark.identity); null = taken over from an older version with a file that is broken
    totals         whether only counts are known of it. Equal counts prove nothing: of such runs the name decides
    file           `runs/<SHA-256 of its bytes>.parquet`, relative to the data directory. A file never changes, and
                   several runs can name the same one. What no row names is left over from a process that died
    source_status  as pages show it: what the submitter gave, or what a reviewer gave with the approval; laid over the
                   file
    owner          the verified address of who sent it, or the name that was given on the command line; pages never
                   show it
    verified       whether `owner` is a verified address
    corrects       the earlier submission that it was sent to correct
    family         the first submission of its line of corrections, which can be itself
    model, model_key, judge, organization   as the file has them; model_key: letters and digits of the model's name
    withdrawn_by   who withdrew it last, by verified address; null = a local user, or it never was

`one_public_run_a_judgement` is the claim on a content as a judge judged it: two transactions cannot both make it
public. Equal content under two judges' names is one run or two: see `is_other_judgement`.

`log`: the lines, without their newlines, in the order of `seq` from 1 without a gap; `hash` = SHA-256 of `line`,
which the next line carries. The other columns repeat what is in the line, for searches; null in a line that cannot be
read.
`head`: one row: `seq` and `hash` of the last line. `sign_outs`: sign-ins that have ended, by a hash that names nobody.
`turns`: who is uploading now, a row a person, by a hash; see `uploading`.
`tokens`: with what programs send runs, by a hash; owner: a verified address; made, expires, used: seconds since 1970;
see `tokens`. A registry of an earlier version has no such table until its next change.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    func,
)
from sqlalchemy.schema import CreateIndex

from siuo_dash.store.registry.log import PUBLIC

metadata: Final = MetaData()

runs: Final = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("state", String(12), nullable=False, index=True),
    Column("number", BigInteger, nullable=False, index=True),
    Column("changed", BigInteger, nullable=False, index=True),
    Column("sent", BigInteger),
    Column("content_hash", String(64), index=True),
    Column("totals", Boolean, nullable=False),
    Column("file", Text, nullable=False, index=True),
    Column("source_status", String(20), nullable=False),
    Column("owner", Text),
    Column("verified", Boolean, nullable=False),
    Column("corrects", Text),
    Column("family", Text, nullable=False, index=True),
    Column("model", Text, nullable=False),
    Column("model_key", Text, nullable=False),
    Column("judge", Text),
    Column("organization", Text),
    Column("withdrawn_by", Text),
    Index("runs_of_a_person", "owner", "state"),
)
_CLAIMED: Final = runs.c.state.in_(PUBLIC) & runs.c.totals.is_(False)
_CLAIM: Final = Index(
    "one_public_run_a_judgement",
    runs.c.content_hash,
    func.coalesce(runs.c.judge, ""),
    unique=True,
    sqlite_where=_CLAIMED,
    postgresql_where=_CLAIMED,
)

log: Final = Table(
    "log",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("run_id", Text, index=True),
    Column("event", Text),
    Column("by", Text),
    Column("day", Text),
    Column("line", LargeBinary, nullable=False),
    Index("log_of_a_person_by_day", "by", "day"),
)

head: Final = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64)),
)

sign_outs: Final = Table(
    "sign_outs",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("at", Float, nullable=False, index=True),
)

turns: Final = Table(
    "turns",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("token", String(32), nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("started", Text, nullable=False),
    Column("until", Float, nullable=False),
)

tokens: Final = Table(
    "tokens",
    metadata,
    Column("token_id", String(16), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("owner", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("scope", String(20), nullable=False),
    Column("made", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("used", Float),
)


def settle(connection: Connection) -> None:
    """Bring the registry of an earlier version up to date: it lacks tables, and its claim knew no judges."""
    metadata.create_all(connection)
    connection.exec_driver_sql("DROP INDEX IF EXISTS one_public_run_a_content")
    connection.execute(CreateIndex(_CLAIM, if_not_exists=True))
