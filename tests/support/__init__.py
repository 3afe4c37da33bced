"""Test helpers that create no domain data."""
