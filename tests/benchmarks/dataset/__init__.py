"""Behavior with a large number of codes: growth, import and export."""
