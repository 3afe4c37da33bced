"""The values of a benchmark: what a round gave, and what a row makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tests.benchmarks.environment import Environment


@dataclass(frozen=True, slots=True)
class Options:
    """How long and with how many it is measured."""

    rounds: int
    seconds: float
    clients: int
    workers: int
    users: int = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """What one round gave; CPU and memory are those of the servers alone."""

    completed: int
    seconds: float
    cpu_seconds: dict[str, float] = field(default_factory=dict)  # by server
    rss_bytes: int = 0  # of the largest process
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    failures: tuple[str, ...] = ()


Metric = Callable[[Sample], float]


def cpu_per_request(sample: Sample) -> float:
    """Microseconds of server CPU for each request."""
    return sum(sample.cpu_seconds.values()) / sample.completed * 1e6


def requests_per_second(sample: Sample) -> float:
    """Requests a second."""
    return sample.completed / sample.seconds


class Runner(Protocol):
    """Something that can be measured, round after round, on one stage."""

    name: str

    def __init__(self, environment: Environment) -> None:
        """Make ready all that must not be measured."""

    def run(self, seconds: float) -> Sample:
        """One round of about so many seconds."""

    def find_mismatches(self) -> list[str]:
        """After all rounds: what does not add up."""


@dataclass(frozen=True, slots=True)
class BenchmarkCase:
    """A line of the table: one metric of two runners, and the goal for their ratio."""

    name: str
    description: str
    compared_with: str
    measured: type[Runner]
    baseline: type[Runner]
    metric: Metric
    max_ratio: float | None = None
    min_ratio: float | None = None

    def is_met(self, ratio: float) -> bool:
        """Whether the goal is reached."""
        if self.max_ratio is not None:
            return ratio <= self.max_ratio
        return ratio >= (self.min_ratio or 0.0)

    @property
    def goal(self) -> str:
        """The goal in a few characters."""
        if self.max_ratio is not None:
            return f"≤ {self.max_ratio:.2f} ×"
        return f"≥ {self.min_ratio or 0:.0%}"


Json = dict[str, Any]
