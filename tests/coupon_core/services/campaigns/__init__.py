"""Tests of campaigns, packages and creators."""
