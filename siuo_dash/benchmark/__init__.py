"""What SIUO is: words, schema, catalogue, scoring and health. Pure: no database, no page, no file."""
