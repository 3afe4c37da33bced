"""Fault injection: real processes are killed, and no data may be lost."""
