"""Factories of domain data for tests."""
