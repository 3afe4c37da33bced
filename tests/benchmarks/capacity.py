"""`python -m tests.benchmarks.capacity`: from measured costs to numbers of machines.

The costs come from `make bench`. docs/scaling.md shows the result for the costs below,
and states the assumptions.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.__main__ import OUTPUT_PATH

RATES = (1_000, 10_000, 100_000)
# Uses per second of one definition with a total limit, by the number of slots of its
# counter: 16 writers, fsync on, two cores (November 2026). Hot definitions have 16.
HOT_CODE_RATES = {1: 2_122, 4: 4_169, 16: 5_477}


@dataclass(frozen=True)
class Costs:
    """CPU microseconds of one redeem, by what uses them."""

    gateway: float
    postgresql: float
    client: float = 0.0

    @property
    def total(self) -> float:
        """Return the CPU of a redeem if everything runs on one machine."""
        return self.gateway + self.postgresql + self.client


# `make bench` on two cores of an AMD EPYC (docs/performance.md, 2026-11-28).
MEASURED_COSTS = Costs(gateway=742, postgresql=471, client=50)
MEASURED_RATE = 1_434


@dataclass(frozen=True)
class Assumptions:
    """What is not measured, or depends on the machines that you have."""

    cores_per_gateway: int = 8
    cores_per_database: int = 16
    utilization: float = 0.6  # the rest is for peaks, backups, and a machine that fails
    validates_per_redeem: float = 1.0
    # A validate costs 431 µs of the gateway and 156 µs of PostgreSQL (2026-11-28).
    validate_gateway_share: float = 0.58
    validate_postgresql_share: float = 0.33
    # A relay on RabbitMQ publishes at least twice what one confirmed publish at a time
    # does (1,400 per second).
    events_per_relay: int = 2_800
    # A commit waits for the disk of the standby: group commit shares the wait between
    # different coupons, but not between uses of one counter.
    synchronous_commit_seconds: float = 0.001


@dataclass(frozen=True)
class Plan:
    """The machines for a rate of redeems, without spare ones."""

    redeems_per_second: int
    gateways: int
    databases: int
    relays: int
    connections: int
    hot_code_slots: int | None


def plan_machines(rate: int, costs: Costs, assumptions: Assumptions) -> Plan:
    """Return how many machines and processes a rate needs.

    More than one database means nodes of a distributed one, each with a standby. A
    tenant lives on one node.
    """
    validates = assumptions.validates_per_redeem
    gateway_us = costs.gateway * (1 + validates * assumptions.validate_gateway_share)
    database_us = costs.postgresql * (
        1 + validates * assumptions.validate_postgresql_share
    )
    busy_seconds = gateway_us / 1e6 + assumptions.synchronous_commit_seconds
    return Plan(
        rate,
        gateways=_divide(rate * gateway_us, assumptions.cores_per_gateway, assumptions),
        databases=_divide(
            rate * database_us, assumptions.cores_per_database, assumptions
        ),
        relays=math.ceil(rate / assumptions.events_per_relay),
        connections=math.ceil(rate * busy_seconds / assumptions.utilization),
        hot_code_slots=find_slots(rate, assumptions),
    )


def _divide(cpu_microseconds: float, cores: int, assumptions: Assumptions) -> int:
    return math.ceil(cpu_microseconds / 1e6 / (cores * assumptions.utilization))


def hot_code_rate(slots: int, assumptions: Assumptions) -> int:
    """Return the uses per second of one code whose counter has that many slots.

    A slot is locked until its commit has reached the standby.
    """
    limit = slots / assumptions.synchronous_commit_seconds
    return int(min(HOT_CODE_RATES[slots], limit))


def find_slots(rate: int, assumptions: Assumptions) -> int | None:
    """Return the slots that one code needs to take the whole rate, if any suffice."""
    sufficient = (
        slots for slots in HOT_CODE_RATES if hot_code_rate(slots, assumptions) >= rate
    )
    return next(sufficient, None)


def predict_rate(costs: Costs, cores: int) -> float:
    """Return the redeems per second if client and servers share that many cores."""
    return cores / costs.total * 1e6


def read_costs(path: Path) -> tuple[Costs, float]:
    """Return the costs of a redeem, and its rate, from the result of `make bench`."""
    redeem = json.loads(path.read_text())["runners"]["redeem"]
    by_server = redeem["cpu_us_by_server"]
    costs = Costs(
        by_server["gunicorn"], by_server["postgresql"], redeem["client_cpu_us"]
    )
    return costs, redeem["per_second"]["median"]


def format_plans(plans: Sequence[Plan], assumptions: Assumptions) -> str:
    """Return the plans as a table in Markdown."""
    header = (
        "| redeems/s | gateways | PostgreSQL nodes, each with a standby | relays "
        "| database connections | one hot code |\n|---|---|---|---|---|---|"
    )
    most = max(hot_code_rate(slots, assumptions) for slots in HOT_CODE_RATES)
    rows = [
        f"| {plan.redeems_per_second:,} | {plan.gateways} × "
        f"{assumptions.cores_per_gateway} cores | {plan.databases} × "
        f"{assumptions.cores_per_database} cores | {plan.relays} "
        f"| {plan.connections:,} | "
        + (
            f"all of it, with {plan.hot_code_slots} slot(s) |"
            if plan.hot_code_slots
            else f"{most:,}/s, with {max(HOT_CODE_RATES)} slots |"
        )
        for plan in plans
    ]
    return "\n".join([header, *rows])


def main() -> None:
    """Print the table, and compare the model with a measured rate."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.capacity", description=__doc__
    )
    parser.add_argument(
        "--bench",
        type=Path,
        metavar="PATH",
        help=f"take the costs from a result of make bench, such as {OUTPUT_PATH}",
    )
    parser.add_argument("--cores", type=int, default=2, help="cores of that machine")
    given = parser.parse_args()
    if given.cores < 1:
        parser.error(f"--cores {given.cores}: expected 1 or more")
    costs, rate = MEASURED_COSTS, float(MEASURED_RATE)
    if given.bench:
        try:
            costs, rate = read_costs(given.bench)
        except (OSError, ValueError, KeyError) as error:
            parser.error(
                f"--bench {given.bench} is no result of make bench with the rows of "
                f"redeem: {error!r}"
            )
    assumptions = Assumptions()
    plans = [plan_machines(each, costs, assumptions) for each in RATES]
    print(format_plans(plans, assumptions))
    predicted = predict_rate(costs, given.cores)
    print(
        f"\nOne machine with {given.cores} cores: {predicted:,.0f} redeems/s "
        f"predicted, {rate:,.0f} measured ({rate / predicted:.0%})."
    )


if __name__ == "__main__":
    main()
