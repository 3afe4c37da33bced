"""The PlayCamp dialect at the query gateway."""
