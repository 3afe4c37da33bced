"""Repositories: reads and writes in terms of domain values, one module per subject."""
