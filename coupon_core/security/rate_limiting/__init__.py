"""Limit the rate of code guesses and of requests."""
