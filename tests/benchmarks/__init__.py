"""Benchmarks that compare our cost with the least that such work can cost."""
