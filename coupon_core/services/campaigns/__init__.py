"""Campaigns, their packages and their creators (PlayCamp)."""
