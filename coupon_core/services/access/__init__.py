"""Tenants, their secrets, and the credentials of their callers."""
