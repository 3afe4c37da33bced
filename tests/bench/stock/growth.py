"""`python -m tests.bench.stock.growth`: what a thousand times the coupons cost.

The small and the large stock are asked in turn, round after round, so that both see
the same noise; the goal is a p99 of at most 1.3 times (LIMITS 1).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.http import get, post
from tests.bench.load import Work, drive, percentile
from tests.bench.stock.house import TENANT, House, build_on, opened
from tests.servers import postgres_server
from tests.servers.process import private_directory

GOAL = 1.3
WARM_UP = 300


def main() -> int:
    """The exit status: 1 when a request failed, else 0."""
    given = _arguments()
    with ExitStack() as stack:
        home = stack.enter_context(private_directory(None, "coupons-growth-", None))
        server = stack.enter_context(postgres_server(home, fsync=True))
        houses = [_built(server, home, count) for count in (given.least, given.codes)]
        served = [stack.enter_context(opened(house, home)) for house in houses]
        rows = _measured(served, given)
    print(table(rows, given))
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(
        json.dumps({"sizes": vars(given), "rows": rows}, default=str)
    )
    return 0 if all(row["failures"] == 0 for row in rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codes", type=int, default=1_000_000, help="the large stock")
    parser.add_argument("--least", type=int, default=10_000, help="the small stock")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=400, help="in each round")
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("var/growth.json"))
    return parser.parse_args()


def _built(server: Any, home: Path, count: int) -> House:
    began = time.monotonic()
    house = build_on(server, home, count)
    seconds = time.monotonic() - began
    print(f"{count:,} coupons in {seconds:.0f} s", file=sys.stderr, flush=True)
    return house


def _validate(house: House, number: int) -> bytes:
    token = house.token(house.user(number))
    return get(f"/v1/coupons/validate/{house.code(number)}", token)


def _redeem(house: House, number: int) -> bytes:
    user = house.user(number)
    path = f"/v1/coupons/redeem/{house.code(number)}"
    return post(path, house.token(user), {"user_id": user})


def _users_list(house: House, number: int) -> bytes:
    user = house.user(number)
    return get(f"/v1/coupons/user/{user}", house.token(user))


def _by_code(house: House, number: int) -> bytes:
    path = f"/v1/tenants/{TENANT}/codes?code={house.code(number)}"
    return get(path, house.api_key)


def _by_user(house: House, number: int) -> bytes:
    path = f"/v1/tenants/{TENANT}/codes?user_id={house.user(number)}"
    return get(path, house.api_key)


def _newest(house: House, number: int) -> bytes:
    return get(f"/v1/tenants/{TENANT}/codes?limit=20&status=active", house.api_key)


Request = Callable[[House, int], bytes]
QUERY, ADMIN = "query_port", "admin_port"
KINDS: dict[str, tuple[Request, str, bytes]] = {
    "validate": (_validate, QUERY, b'"valid":'),
    "redeem": (_redeem, QUERY, b'"redemption_count":1'),
    "user's list": (_users_list, QUERY, b'"total":10'),
    "lookup by code": (_by_code, ADMIN, b'"next":null'),
    "lookup by user": (_by_user, ADMIN, b'"next":null'),
    "newest active": (_newest, ADMIN, b'"coupons":[{'),
}


def _measured(houses: Sequence[House], given: argparse.Namespace) -> list[Any]:
    """For each kind of request: the latencies of both sizes, in turns."""
    numbers = [_shuffled(house, given) for house in houses]
    return [_row(name, houses, numbers, given) for name in KINDS]


def _shuffled(house: House, given: argparse.Namespace) -> list[int]:
    """Coupons to ask for, each once, from anywhere in the stock."""
    wanted = given.requests * given.rounds + WARM_UP
    return random.Random(1).sample(range(house.count), wanted)


def _row(
    name: str,
    houses: Sequence[House],
    numbers: Sequence[list[int]],
    given: argparse.Namespace,
) -> dict[str, Any]:
    p50: list[list[float]] = [[], []]
    p99: list[list[float]] = [[], []]
    failures = 0
    for round_ in range(given.rounds + 1):
        for at, house in enumerate(houses):
            mine = _share(numbers[at], round_, given.requests)
            times, failed = _asked(name, house, mine, given.clients)
            failures += failed
            if round_:  # the first one warms up
                p50[at].append(percentile(times, 50))
                p99[at].append(percentile(times, 99))
    return _summed_up(name, p50, p99) | {"failures": failures}


def _share(numbers: list[int], round_: int, count: int) -> list[int]:
    if round_ == 0:
        return numbers[:WARM_UP]
    return numbers[WARM_UP + (round_ - 1) * count : WARM_UP + round_ * count]


def _asked(
    name: str, house: House, numbers: list[int], clients: int
) -> tuple[list[float], int]:
    make, port, must_hold = KINDS[name]
    requests = [make(house, number) for number in numbers]
    work = Work(getattr(house, port), requests, 600.0, must_hold=must_hold)
    outcome = drive(work, clients)
    if outcome.failures:
        print(name, outcome.failures[0][:300], file=sys.stderr)
    return sorted(outcome.latencies), len(outcome.failures)


def _summed_up(
    name: str, p50: list[list[float]], p99: list[list[float]]
) -> dict[str, Any]:
    ratios = [large / small for small, large in zip(*p99, strict=True)]
    return {
        "name": name,
        "p50_ms": [median(one) for one in p50],
        "p99_ms": [median(one) for one in p99],
        "p50_ratio": median(p50[1]) / median(p50[0]),
        "p99_ratio": median(ratios),
        "p99_ratio_range": [min(ratios), max(ratios)],
    }


def table(rows: Sequence[dict[str, Any]], given: argparse.Namespace) -> str:
    """The rows for people."""
    head = f"{given.least:,} → {given.codes:,} coupons of one tenant, p99 in ms"
    return "\n".join([head, *map(_line, rows)])


def _line(row: dict[str, Any]) -> str:
    small, large = row["p99_ms"]
    least, most = row["p99_ratio_range"]
    met = "ok" if row["p99_ratio"] <= GOAL else "MISSED"
    return (
        f"{row['name']:<16} {small:7.2f} → {large:7.2f}   "
        f"{row['p99_ratio']:.2f} × ({least:.2f}–{most:.2f}), p50 "
        f"{row['p50_ratio']:.2f} ×: {met}"
    )


if __name__ == "__main__":
    sys.exit(main())
