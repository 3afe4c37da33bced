"""Insight: reports, failed attempts, explanations and search."""
