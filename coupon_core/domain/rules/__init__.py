"""Decisions as pure functions on values."""
