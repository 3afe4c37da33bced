"""Tests of the PlayCamp API."""
