"""What is kept: the Parquet files, the database over them, publishing and building."""
