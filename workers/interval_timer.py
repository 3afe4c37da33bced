"""A timer for periodic actions."""

import time


class IntervalTimer:
    """Is due once per interval; the first time immediately."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.due_at = 0.0

    def is_due(self) -> bool:
        """Return True at most once per interval."""
        if time.monotonic() < self.due_at:
            return False
        self.due_at = time.monotonic() + self.seconds
        return True

    def reset(self) -> None:
        """Make the next call of `is_due` return True."""
        self.due_at = 0.0
