"""A stand-in for the core's values, until the real module is merged."""

from typing import Any


class Refused(Exception):
    """A command that the rules refuse; nothing has changed."""

    def __init__(self, reason: Any, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
