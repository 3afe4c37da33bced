"""The first names that were seen, up to a limit, as values of a Prometheus label.

The processes of a program share them in a file, because their metrics are added up: if
each chose its own, the number of time series would grow with every reload.
"""

import fcntl
from collections.abc import Set
from pathlib import Path

OTHER = "other"


class LabelNames:
    """Names that have a value of a label of their own; all others share one."""

    def __init__(self, file: Path, limit: int) -> None:
        self.file = file
        self.limit = limit
        self.names: Set[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        """Return True if a name has a value of its own; reserve one if one is free."""
        if name not in self.names and len(self.names) < self.limit:
            self._reserve(name)
        return name in self.names

    def _reserve(self, name: str) -> None:
        try:
            with self.file.open("a+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                names = file.read().splitlines()[: self.limit]
                if name not in names and len(names) < self.limit:
                    file.write(f"{name}\n")
                    names.append(name)
            self.names = frozenset(names)
        except OSError:  # no redemption may fail because of its metrics
            self.limit = 0
