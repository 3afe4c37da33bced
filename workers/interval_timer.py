"""Things that are due now and then."""

import time


class IntervalTimer:
    """Says once in so many seconds that it is due; the first time at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.due_at = 0.0

    def is_due(self) -> bool:
        """True at most once in so many seconds."""
        if time.monotonic() < self.due_at:
            return False
        self.due_at = time.monotonic() + self.seconds
        return True

    def reset(self) -> None:
        """Be due the next time."""
        self.due_at = 0.0
