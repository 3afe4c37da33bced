"""Tests of fields and parsers."""
