"""From harmless pictures to new samples: candidates are written, checked, reviewed by people and frozen as a set."""
