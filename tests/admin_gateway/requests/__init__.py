"""Tests of request parsing in the admin API."""
