"""Authenticate and authorize callers, encrypt secrets and limit rates."""
