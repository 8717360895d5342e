"""What is asked: filters, named queries, statistics, comparisons and findings."""
