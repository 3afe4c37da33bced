"""Request and response schemas of the PlayCamp API."""
