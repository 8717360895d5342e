"""How far a figure can be trusted: judges, repeated responses, samples, and the health of runs."""
