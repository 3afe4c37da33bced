"""Tests of domain values and rules."""
