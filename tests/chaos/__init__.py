"""Faults made on purpose: real processes are killed, and nothing may be lost."""
