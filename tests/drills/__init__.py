"""Drills: the procedures of `docs/operations/backup.md`, as they are printed."""
