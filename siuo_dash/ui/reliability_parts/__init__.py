"""The four parts of the reliability page: health, samples, responses, judges (and the rates that they correct)."""
