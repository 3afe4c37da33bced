"""Views of the Mambo API."""
