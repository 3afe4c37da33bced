"""Codes in bulk: search, assign, jobs, CSV import and export."""
