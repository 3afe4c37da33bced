"""The values of a benchmark: options, samples, and cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tests.benchmarks.environment import Environment


@dataclass(frozen=True, slots=True)
class Options:
    """How long to measure, and with how many clients."""

    rounds: int
    seconds: float
    clients: int
    workers: int
    users: int = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """The result of one round; CPU and memory are those of the servers."""

    completed: int
    seconds: float
    unanswered: int = 0  # perhaps served as well, but the round was over
    cpu_seconds: dict[str, float] = field(default_factory=dict)  # by server
    client_cpu_seconds: float = 0.0  # of the load generator
    rss_bytes: int = 0  # of the largest process
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    failures: tuple[str, ...] = ()


Metric = Callable[[Sample], float]
Round = dict[str, Sample]
"""The sample of each runner, by its name."""


def cpu_per_request(sample: Sample) -> float:
    """Return the microseconds of server CPU per request."""
    return sum(sample.cpu_seconds.values()) / sample.completed * 1e6


def requests_per_second(sample: Sample) -> float:
    """Return the requests per second."""
    return sample.completed / sample.seconds


class Runner(Protocol):
    """Something that can be measured in repeated rounds."""

    name: str

    def __init__(self, environment: Environment) -> None:
        """Prepare everything that must not be measured."""

    def run(self, seconds: float) -> Sample:
        """Run one round of about that many seconds."""

    def find_mismatches(self) -> list[str]:
        """Return what does not add up after all rounds."""


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
        """Return True if the goal is reached."""
        if self.max_ratio is not None:
            return ratio <= self.max_ratio
        return ratio >= (self.min_ratio or 0.0)

    @property
    def goal(self) -> str:
        """Return the goal as a short text."""
        if self.max_ratio is not None:
            return f"≤ {self.max_ratio:.2f} ×"
        return f"≥ {self.min_ratio or 0:.0%}"


Json = dict[str, Any]
