"""The rounds: all runners take turns, so that all see the same noise."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from tests.benchmarks.cases import CASES
from tests.benchmarks.environment import (
    MAX_REDEMPTIONS_PER_SECOND,
    prepared_environment,
)
from tests.benchmarks.model import (
    BenchmarkCase,
    Options,
    Runner,
    Sample,
    requests_per_second,
)
from tests.benchmarks.runners.validate import CODE_COUNT

Rounds = list[dict[str, Sample]]  # each runner's sample, by name


@dataclass(frozen=True, slots=True)
class Results:
    """All samples, the mismatches, and the total time."""

    cases: tuple[BenchmarkCase, ...]
    rounds: Rounds
    mismatches: list[str]
    seconds: float
    postgres: str


def run_benchmarks(options: Options) -> Results:
    """Measure all cases."""
    began = time.monotonic()
    with prepared_environment(options, _count_needed_coupons(options)) as environment:
        runners = [kind(environment) for kind in _list_runner_types()]
        warm_up = {
            runner.name: runner.run(_get_warm_up_seconds(options)) for runner in runners
        }
        rounds = [_run_round(runners, options) for _ in range(options.rounds)]
        wrong = _list_failures([warm_up, *rounds])
        wrong += [line for runner in runners for line in runner.find_mismatches()]
        version = environment.postgres.version
    return Results(CASES, rounds, wrong, time.monotonic() - began, version)


def _list_runner_types() -> list[type[Runner]]:
    """Return every runner class that a case needs, once."""
    return list(dict.fromkeys(k for row in CASES for k in (row.baseline, row.measured)))


def _get_warm_up_seconds(options: Options) -> float:
    return min(1.0, options.seconds)


def _count_needed_coupons(options: Options) -> int:
    seconds = options.rounds * options.seconds + _get_warm_up_seconds(options)
    return int(seconds * MAX_REDEMPTIONS_PER_SECOND) + CODE_COUNT


def _run_round(runners: list[Runner], options: Options) -> dict[str, Sample]:
    samples = {runner.name: runner.run(options.seconds) for runner in runners}
    lines = [
        f"{name} {requests_per_second(sample):,.0f}/s"
        for name, sample in samples.items()
    ]
    print("  ".join(lines), file=sys.stderr, flush=True)
    return samples


def _list_failures(rounds: Rounds) -> list[str]:
    return [
        f"{name}: {len(sample.failures)} failed, the first: {sample.failures[0][:500]}"
        for samples in rounds
        for name, sample in samples.items()
        if sample.failures
    ]
