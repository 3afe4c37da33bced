"""Response schemas and serializers of the admin API."""
