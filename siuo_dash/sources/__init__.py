"""Where figures and texts come from: published figures, the benchmark's own files."""
