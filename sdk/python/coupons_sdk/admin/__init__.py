"""The resources of the admin gateway."""
