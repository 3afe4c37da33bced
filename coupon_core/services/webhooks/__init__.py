"""Webhooks: tenants' own servers are told of events, signed, at least once each."""
