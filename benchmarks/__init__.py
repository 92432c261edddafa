"""Benchmarks: one script a claim. `python -m benchmarks` runs the table of speeds."""
