"""Tests of the query gateway over HTTP."""
