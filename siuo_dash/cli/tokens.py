"""The command that lists or ends a person's tokens, for whoever keeps the data directory."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import typer

from siuo_dash.cli.options import DataOption
from siuo_dash.cli.output import print_line, print_table
from siuo_dash.report.tokens import tokens_frame
from siuo_dash.settings.paths import USUAL
from siuo_dash.settings.values import address_of
from siuo_dash.store.registry import Actor
from siuo_dash.store.registry.tokens import own, revoke_all
from siuo_dash.text import counted


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
