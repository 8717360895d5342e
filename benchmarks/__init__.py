"""Speed, measured and reported as ratios against something run beside it; nothing here is a test."""
