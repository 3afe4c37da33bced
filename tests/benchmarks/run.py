"""The rounds: all runners take turns, so that all see the same noise."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.benchmarks.environment import (
    MAX_REDEMPTIONS_PER_SECOND,
    Environment,
    open_environment,
)
from tests.benchmarks.model import (
    BenchmarkCase,
    Options,
    Round,
    requests_per_second,
)
from tests.benchmarks.other_tree import OtherTree
from tests.benchmarks.runners.validate import CODE_COUNT


@dataclass(frozen=True, slots=True)
class Results:
    """All samples, the mismatches, and the total time."""

    cases: Sequence[BenchmarkCase]
    rounds: list[Round]
    mismatches: list[str]
    seconds: float
    postgres: str
    other_rounds: list[Round] = field(default_factory=list)  # of another commit


class Session:
    """Runners that are ready, and the rounds that they have run."""

    def __init__(
        self, options: Options, cases: Sequence[BenchmarkCase], environment: Environment
    ) -> None:
        self._options, self.environment = options, environment
        kinds = dict.fromkeys(
            kind for row in cases for kind in (row.baseline, row.measured)
        )
        self.runners = [kind(environment) for kind in kinds]
        self._warm_up = self._run(_get_warm_up_seconds(options))
        self.rounds: list[Round] = []

    def run_round(self) -> Round:
        """Let every runner run once."""
        samples = self._run(self._options.seconds)
        self.rounds.append(samples)
        rates = (
            f"{name} {requests_per_second(samples[name]):,.0f}/s" for name in samples
        )
        print("  ".join(rates), file=sys.stderr, flush=True)
        return samples

    def find_mismatches(self) -> list[str]:
        """Return failed requests, and what does not add up after all rounds."""
        failed = _list_failures([self._warm_up, *self.rounds])
        return failed + [
            line for runner in self.runners for line in runner.find_mismatches()
        ]

    def _run(self, seconds: float) -> Round:
        return {runner.name: runner.run(seconds) for runner in self.runners}


@contextmanager
def open_session(options: Options, cases: Sequence[BenchmarkCase]) -> Iterator[Session]:
    """Yield a session that has warmed up; stop all its servers afterwards."""
    seconds = options.rounds * options.seconds + _get_warm_up_seconds(options)
    # For the two runners that redeem different codes through the gateway.
    coupons = 2 * int(seconds * MAX_REDEMPTIONS_PER_SECOND) + CODE_COUNT
    with open_environment(options, coupons) as environment:
        yield Session(options, cases, environment)


def run_benchmarks(
    options: Options, cases: Sequence[BenchmarkCase], other: OtherTree | None = None
) -> Results:
    """Measure the cases; in turn with another commit, if there is one."""
    began = time.monotonic()
    with open_session(options, cases) as session:
        for number in range(options.rounds):
            if other and number % 2:
                other.run_round()
            session.run_round()
            if other and not number % 2:
                other.run_round()
        return Results(
            cases,
            session.rounds,
            session.find_mismatches(),
            time.monotonic() - began,
            session.environment.postgres_version,
            other.rounds if other else [],
        )


def _get_warm_up_seconds(options: Options) -> float:
    return min(1.0, options.seconds)


def _list_failures(rounds: list[Round]) -> list[str]:
    return [
        f"{name}: {len(sample.failures)} failed, the first: {sample.failures[0][:500]}"
        for samples in rounds
        for name, sample in samples.items()
        if sample.failures
    ]
