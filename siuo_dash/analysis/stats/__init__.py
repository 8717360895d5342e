"""Statistics: pure functions over counts and outcomes. No database, no page; rates are fractions."""
