"""Tests of insight: failed attempts, signals and reports."""
