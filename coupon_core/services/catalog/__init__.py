"""Reward items and definitions."""
