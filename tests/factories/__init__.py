"""Factories of domain data for the tests."""
