"""The command line: what the pages show and do, for scripts."""

from siuo_dash.cli.app import main

__all__ = ["main"]
