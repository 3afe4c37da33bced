"""Tests of the admin gateway."""
