"""Benchmarks, each a ratio of two things measured in one run: `python -m benchmarks` (`make bench`)."""
