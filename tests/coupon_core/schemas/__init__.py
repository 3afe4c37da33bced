"""Tests of fields, message schemas and parsers."""
