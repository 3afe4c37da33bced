"""Tests mirror the packages; what they share is in servers and conftest."""
