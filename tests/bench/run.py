"""The rounds: every runner in turn, again and again, so that all see the same noise."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from tests.bench.model import Options, Row, Runner, Sample, rate
from tests.bench.rows import ROWS
from tests.bench.runners.validate import CODES
from tests.bench.stage import MOST_A_SECOND, set_up

Rounds = list[dict[str, Sample]]  # in each, what every runner gave


@dataclass(frozen=True, slots=True)
class Results:
    """All that was measured, what went wrong, and how long everything took."""

    rows: tuple[Row, ...]
    rounds: Rounds
    wrong: list[str]
    seconds: float
    postgres: str


def run(options: Options) -> Results:
    """Measure all rows."""
    began = time.monotonic()
    with set_up(options, _coupons_needed(options)) as stage:
        runners = [kind(stage) for kind in _kinds()]
        warm_up = {one.name: one.run(_warm_seconds(options)) for one in runners}
        rounds = [_round(runners, options) for _ in range(options.rounds)]
        wrong = _failures([warm_up, *rounds])
        wrong += [line for one in runners for line in one.wrong()]
        version = stage.postgres.version
    return Results(ROWS, rounds, wrong, time.monotonic() - began, version)


def _kinds() -> list[type[Runner]]:
    """Every kind of runner that a row needs, once."""
    return list(dict.fromkeys(k for row in ROWS for k in (row.baseline, row.measured)))


def _warm_seconds(options: Options) -> float:
    return min(1.0, options.seconds)


def _coupons_needed(options: Options) -> int:
    seconds = options.rounds * options.seconds + _warm_seconds(options)
    return int(seconds * MOST_A_SECOND) + CODES


def _round(runners: list[Runner], options: Options) -> dict[str, Sample]:
    samples = {one.name: one.run(options.seconds) for one in runners}
    told = [f"{name} {rate(sample):,.0f}/s" for name, sample in samples.items()]
    print("  ".join(told), file=sys.stderr, flush=True)
    return samples


def _failures(rounds: Rounds) -> list[str]:
    return [
        f"{name}: {len(sample.failures)} failed, the first: {sample.failures[0][:500]}"
        for samples in rounds
        for name, sample in samples.items()
        if sample.failures
    ]
