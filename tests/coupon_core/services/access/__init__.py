"""Tests of tenants and their credentials."""
