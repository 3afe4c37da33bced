"""The Phoenix API, with and without the tenant in the path."""
