"""Views of the PlayCamp API."""
