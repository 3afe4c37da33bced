"""Background workers: consume messages, relay events and deliver webhooks."""
