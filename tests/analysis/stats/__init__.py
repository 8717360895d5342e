"""Tests of the statistics: hand-worked figures, a second computation of each, and properties."""

from hypothesis import settings

# The first call of some functions imports scipy or statsmodels, which takes longer than hypothesis allows a step.
properties = settings(deadline=None, max_examples=60)
