"""The registry: which runs there are, in which state, whose, and the log of all that happened to them; in SQL."""
