"""Operators of these tests have passwords that cost little time."""

from tests.support.cheap_passwords import cheap_passwords

__all__ = ["cheap_passwords"]
