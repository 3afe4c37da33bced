"""Logs, metrics and the audit context of a thread."""
