"""The two parts of the compare page: two runs, and one baseline against many."""
