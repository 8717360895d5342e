"""Tests of the statistics: hand-worked figures, a second computation of each, and properties."""
