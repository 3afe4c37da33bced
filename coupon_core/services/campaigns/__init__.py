"""Use cases of PlayCamp campaigns, their packages and their creators."""
