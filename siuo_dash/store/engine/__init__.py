"""DuckDB over the results: tables, loading, queries."""
