"""Tests of the Phoenix API."""
