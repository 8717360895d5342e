"""From a model's name to responses, verdicts and a run: an extra that the rest of the product does not need."""
