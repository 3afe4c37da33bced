"""Request and response schemas of the Mambo API."""
