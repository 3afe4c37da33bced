"""`python -m tests.benchmarks.dataset.growth`: cost of a thousand times the coupons.

Requests alternate between the small and the large database, so that both see the
same noise. The goal is a p99 of at most 1.2 times (docs/performance.md).
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

from tests.benchmarks.dataset.builder import (
    TENANT,
    Dataset,
    build_on_postgres,
    serving_gateways,
)
from tests.benchmarks.http import build_get, build_post
from tests.benchmarks.load import LoadPlan, compute_percentile, drive
from tests.support.servers import postgres_server
from tests.support.servers.process import private_directory

MAX_P99_RATIO = 1.2
WARM_UP_REQUESTS = 300


def main() -> int:
    """Return the exit status: 1 if a request failed, else 0."""
    given = _parse_arguments()
    with ExitStack() as stack:
        home = stack.enter_context(private_directory(None, "coupons-growth-", None))
        server = stack.enter_context(postgres_server(home, fsync=True))
        datasets = [
            _build_dataset(server, home, count) for count in (given.least, given.codes)
        ]
        served = [
            stack.enter_context(serving_gateways(dataset, home)) for dataset in datasets
        ]
        rows = _measure(served, given)
    print(render_table(rows, given))
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(
        json.dumps({"sizes": vars(given), "rows": rows}, default=str)
    )
    return 0 if all(row["failures"] == 0 for row in rows) else 1


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--codes", type=int, default=1_000_000, help="coupons of the large dataset"
    )
    parser.add_argument(
        "--least", type=int, default=10_000, help="coupons of the small dataset"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=400, help="requests per round")
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("var/growth.json"))
    return parser.parse_args()


def _build_dataset(server: Any, home: Path, count: int) -> Dataset:
    began = time.monotonic()
    dataset = build_on_postgres(server, home, count)
    seconds = time.monotonic() - began
    print(f"{count:,} coupons in {seconds:.0f} s", file=sys.stderr, flush=True)
    return dataset


def _build_validate(dataset: Dataset, number: int) -> bytes:
    token = dataset.create_token(dataset.to_user_id(number))
    return build_get(f"/v1/coupons/validate/{dataset.to_code(number)}", token)


def _build_redeem(dataset: Dataset, number: int) -> bytes:
    user = dataset.to_user_id(number)
    path = f"/v1/coupons/redeem/{dataset.to_code(number)}"
    return build_post(path, dataset.create_token(user), {"user_id": user})


def _build_user_list(dataset: Dataset, number: int) -> bytes:
    user = dataset.to_user_id(number)
    return build_get(f"/v1/coupons/user/{user}", dataset.create_token(user))


def _build_code_lookup(dataset: Dataset, number: int) -> bytes:
    path = f"/v1/tenants/{TENANT}/codes?code={dataset.to_code(number)}"
    return build_get(path, dataset.api_key)


def _build_user_lookup(dataset: Dataset, number: int) -> bytes:
    path = f"/v1/tenants/{TENANT}/codes?user_id={dataset.to_user_id(number)}"
    return build_get(path, dataset.api_key)


def _build_search(dataset: Dataset, number: int) -> bytes:
    """Search for a code with two digits swapped, which most likely has near ones."""
    code = dataset.to_code(number)
    path = f"/v1/tenants/{TENANT}/codes/search?q={code[:-2]}{code[-1]}{code[-2]}"
    return build_get(path, dataset.api_key)


def _build_explanation(dataset: Dataset, number: int) -> bytes:
    body = {"code": dataset.to_code(number), "user_id": dataset.to_user_id(number)}
    return build_post(f"/v1/tenants/{TENANT}/codes/explain", dataset.api_key, body)


def _build_newest_active(dataset: Dataset, number: int) -> bytes:
    return build_get(
        f"/v1/tenants/{TENANT}/codes?limit=20&status=active", dataset.api_key
    )


RequestBuilder = Callable[[Dataset, int], bytes]
QUERY_PORT, ADMIN_PORT = "query_port", "admin_port"
REQUEST_KINDS: dict[str, tuple[RequestBuilder, str, bytes]] = {
    "validate": (_build_validate, QUERY_PORT, b'"valid":'),
    "redeem": (_build_redeem, QUERY_PORT, b'"redemption_count":1'),
    "user's list": (_build_user_list, QUERY_PORT, b'"total":10'),
    "lookup by code": (_build_code_lookup, ADMIN_PORT, b'"next":null'),
    "lookup by user": (_build_user_lookup, ADMIN_PORT, b'"next":null'),
    "search": (_build_search, ADMIN_PORT, b'"hits":[{'),
    "explain": (_build_explanation, ADMIN_PORT, b'"rules":[{'),
    "newest active": (_build_newest_active, ADMIN_PORT, b'"coupons":[{'),
}


def _measure(datasets: Sequence[Dataset], given: argparse.Namespace) -> list[Any]:
    """Return the latencies of both sizes for each kind of request."""
    numbers = [_sample_numbers(dataset, given) for dataset in datasets]
    return [_measure_row(name, datasets, numbers, given) for name in REQUEST_KINDS]


def _sample_numbers(dataset: Dataset, given: argparse.Namespace) -> list[int]:
    """Return numbers of different coupons from anywhere in the dataset."""
    sample_size = given.requests * given.rounds + WARM_UP_REQUESTS
    return random.Random(1).sample(range(dataset.count), sample_size)


def _measure_row(
    name: str,
    datasets: Sequence[Dataset],
    numbers: Sequence[list[int]],
    given: argparse.Namespace,
) -> dict[str, Any]:
    p50: list[list[float]] = [[], []]
    p99: list[list[float]] = [[], []]
    failures = 0
    for round_ in range(given.rounds + 1):
        for index, dataset in enumerate(datasets):
            sample = _slice_round(numbers[index], round_, given.requests)
            times, failed = _send_requests(name, dataset, sample, given.clients)
            failures += failed
            if round_:  # the first one warms up
                p50[index].append(compute_percentile(times, 50))
                p99[index].append(compute_percentile(times, 99))
    return _summarize(name, p50, p99) | {"failures": failures}


def _slice_round(numbers: list[int], round_: int, count: int) -> list[int]:
    if round_ == 0:
        return numbers[:WARM_UP_REQUESTS]
    return numbers[
        WARM_UP_REQUESTS + (round_ - 1) * count : WARM_UP_REQUESTS + round_ * count
    ]


def _send_requests(
    name: str, dataset: Dataset, numbers: list[int], clients: int
) -> tuple[list[float], int]:
    make, port, must_hold = REQUEST_KINDS[name]
    requests = [make(dataset, number) for number in numbers]
    work = LoadPlan(getattr(dataset, port), requests, 600.0, required_bytes=must_hold)
    outcome = drive(work, clients)
    if outcome.failures:
        print(name, outcome.failures[0][:300], file=sys.stderr)
    return sorted(outcome.latencies), len(outcome.failures)


def _summarize(
    name: str, p50: list[list[float]], p99: list[list[float]]
) -> dict[str, Any]:
    ratios = [large / small for small, large in zip(*p99, strict=True)]
    return {
        "name": name,
        "p50_ms": [median(values) for values in p50],
        "p99_ms": [median(values) for values in p99],
        "p50_ratio": median(p50[1]) / median(p50[0]),
        "p99_ratio": median(ratios),
        "p99_ratio_range": [min(ratios), max(ratios)],
    }


def render_table(rows: Sequence[dict[str, Any]], given: argparse.Namespace) -> str:
    """Return the result as a table."""
    head = f"{given.least:,} → {given.codes:,} coupons of one tenant, p99 in ms"
    return "\n".join([head, *map(_render_row, rows)])


def _render_row(row: dict[str, Any]) -> str:
    small, large = row["p99_ms"]
    smallest, largest = row["p99_ratio_range"]
    met = "ok" if row["p99_ratio"] <= MAX_P99_RATIO else "MISSED"
    return (
        f"{row['name']:<16} {small:7.2f} → {large:7.2f}   "
        f"{row['p99_ratio']:.2f} × ({smallest:.2f}–{largest:.2f}), p50 "
        f"{row['p50_ratio']:.2f} ×: {met}"
    )


if __name__ == "__main__":
    sys.exit(main())
