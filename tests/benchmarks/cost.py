"""CPU and memory of whole process trees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

import psutil


class Meter:
    """CPU used by some process trees since the meter was created."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self.roots = roots
        self.before = self._read_cpu_seconds()

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU seconds since then, by name."""
        now = self._read_cpu_seconds()
        return {name: now[name] - self.before[name] for name in now}

    def rss_bytes(self) -> int:
        """Return the resident memory of the largest of the processes now."""
        processes = [
            process
            for root in self.roots.values()
            for process in iterate_process_tree(root)
        ]
        return max(process.memory_info().rss for process in processes)

    def _read_cpu_seconds(self) -> dict[str, float]:
        return {name: _read_tree_cpu_seconds(root) for name, root in self.roots.items()}


def _read_tree_cpu_seconds(root: int) -> float:
    """Return the CPU seconds of a tree; a parent's times include ended children."""
    total = 0.0
    for process in iterate_process_tree(root):
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])  # of it and its ended children
    return total


def iterate_process_tree(root: int) -> Iterator[psutil.Process]:
    """Yield a process and all its descendants."""
    process = psutil.Process(root)
    yield process
    yield from process.children(recursive=True)
