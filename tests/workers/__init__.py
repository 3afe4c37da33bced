"""Tests of the workers: message handling, start and end."""
