"""Drills of `docs/operations.md`: its procedures are followed as they are printed."""
