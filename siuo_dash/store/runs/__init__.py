"""Run files: Parquet, one run or many, read and written under the schema of results."""
