"""`python -m siuo_dash`: the command line."""

from siuo_dash.cli import main

main()
