"""Tests of refusals of the admin API."""
