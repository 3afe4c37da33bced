"""Tests of generation, validation and redemption."""
