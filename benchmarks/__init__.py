"""Benchmarks of Carton against calling the framework in-process; `python -m benchmarks` runs them all."""
