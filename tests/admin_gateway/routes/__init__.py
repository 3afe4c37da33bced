"""Tests of the routes of the admin API."""
