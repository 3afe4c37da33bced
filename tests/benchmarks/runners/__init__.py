"""Runners: each does one kind of work for some seconds per round."""
