"""The API: results for programs, results from programs, and what other sites may show of them."""
