"""Timings, as ratios within one run: `make perf`. No test asserts any of them."""
