"""Logs, metrics and the audit context."""
