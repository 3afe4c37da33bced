"""The processes behind the gateways: consumers, generation, the outbox relay."""
