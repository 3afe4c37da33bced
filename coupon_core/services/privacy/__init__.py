"""Personal data: export, erasure, retention, and the deletion of tenants."""
