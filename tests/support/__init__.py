"""Helpers of the tests that make no domain data."""
