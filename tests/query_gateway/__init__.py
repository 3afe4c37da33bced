"""Tests of the query gateway, over HTTP as its callers see it."""
