"""Tests of the message broker."""
