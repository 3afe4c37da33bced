"""Tests of definitions and reward items."""
