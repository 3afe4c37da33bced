"""Tests of what those who run the system rely on: logs, metrics, draining, faults."""
