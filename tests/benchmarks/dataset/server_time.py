"""`python -m tests.benchmarks.dataset.server_time`: reports, search and explain.

Server time is the CPU of the application and of PostgreSQL for one request, without
HTTP; that of a busy machine is similar. Goals are in docs/performance.md.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from flask.testing import FlaskClient

from tests.benchmarks.dataset.builder import TENANT, Dataset, build_on_postgres
from tests.benchmarks.dataset.report_history import ReportHistory, add_report_history
from tests.benchmarks.load import compute_percentile
from tests.support.admin_client import started_admin_gateway
from tests.support.servers import postgres_server
from tests.support.servers.process import private_directory

MAX_REPORT_MILLISECONDS, MAX_CODE_MILLISECONDS = 50, 20
WARM_UP_REQUESTS = 6  # psycopg prepares a statement at its sixth execution
SELECT_SESSIONS = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database()
    AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
# The reports that read most; the values are their days. By user, more are refused.
REPORTS = {
    "redemptions?interval=hour": 83,
    "redemptions?interval=hour&campaign_id=campaign_0": 83,
    "redemptions?time_zone=Europe/Berlin": 90,
    "redemptions?time_zone=Asia/Tokyo&campaign_id=campaign_0": 90,
    "compare?campaign_id=campaign_0&campaign_id=campaign_1": 30,
    "funnel?campaign_id=campaign_0": 90,
    "refusals?time_zone=Europe/Berlin": 90,
    "top?by=definition": 90,
    "top?by=campaign": 90,
    "top?by=code": 90,
    "top?by=user": 4,
}
Request = tuple[str, dict[str, str] | None]
"""A path below that of the tenant, and the body of a POST."""


def main() -> int:
    """Return the exit status: 1 if a goal is missed, else 0."""
    given = _parse_arguments()
    with ExitStack() as stack:
        home = stack.enter_context(private_directory(None, "coupons-time-", None))
        server = stack.enter_context(postgres_server(home))
        dataset = build_on_postgres(server, home, given.codes)
        history = add_report_history(dataset, given.redemptions)
        url = dataset.settings.database_url
        client = stack.enter_context(started_admin_gateway(url)).test_client()
        gc.collect()
        gc.freeze()  # as a gateway does
        client.environ_base["HTTP_X_API_KEY"] = dataset.api_key
        connection = stack.enter_context(psycopg.connect(url, autocommit=True))
        rows = [
            _measure(name, client, connection, requests)
            for name, requests in _list_requests(dataset, history, given.requests)
        ]
    print(f"{given.redemptions:,} redemptions, {given.codes:,} coupons of one tenant")
    print("\n".join(map(_render_row, rows)))
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(
        json.dumps({"sizes": vars(given), "rows": rows}, default=str)
    )
    return 0 if all(row["met"] for row in rows) else 1


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--redemptions", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=40, help="requests per row")
    parser.add_argument("--output", type=Path, default=Path("var/server_time.json"))
    return parser.parse_args()


def _list_requests(
    dataset: Dataset, history: ReportHistory, count: int
) -> Iterator[tuple[str, list[Request]]]:
    """Yield the name of each row, and the requests that are measured."""
    for report, days in REPORTS.items():
        period = (
            f"from={history.end - timedelta(days):%Y-%m-%d}&to={history.end:%Y-%m-%d}"
        )
        path = f"reports/{report}&{period}"
        yield f"{report}, {days} days", [(path, None)] * count
    numbers = random.Random(1).sample(range(dataset.count), count)
    codes = [dataset.to_code(number) for number in numbers]
    mistyped = [f"{code[:-2]}{code[-1]}{code[-2]}" for code in codes]
    users = [dataset.to_user_id(number) for number in numbers]
    for name, queries in {
        "exact": codes,
        "mistyped": mistyped,
        "prefix": [code[:6] for code in codes],
        "user": users,
    }.items():
        yield (
            f"search: {name}",
            [(f"codes/search?q={query}", None) for query in queries],
        )
    for name, texts in {
        "found": codes,
        "unknown": [f"{each}X" for each in codes],
    }.items():
        bodies = [
            {"code": code, "user_id": user}
            for code, user in zip(texts, users, strict=True)
        ]
        yield f"explain: {name}", [("codes/explain", body) for body in bodies]


def _measure(
    name: str,
    client: FlaskClient,
    connection: psycopg.Connection,
    requests: Sequence[Request],
) -> dict[str, Any]:
    times = []
    for path, body in [*requests[:WARM_UP_REQUESTS], *requests]:
        sessions = connection.execute(SELECT_SESSIONS).fetchall()
        began = time.process_time(), _read_cpu_seconds(sessions)
        answer = client.open(
            f"/v1/tenants/{TENANT}/{path}", method="POST" if body else "GET", json=body
        )
        assert answer.status_code == 200, answer.text
        used = time.process_time() - began[0], _read_cpu_seconds(sessions) - began[1]
        times.append(sum(used) * 1000)
    ordered = sorted(times[-len(requests) :])
    p95 = compute_percentile(ordered, 95)
    is_code = name.startswith(("search", "explain"))
    goal = MAX_CODE_MILLISECONDS if is_code else MAX_REPORT_MILLISECONDS
    p50 = compute_percentile(ordered, 50)
    return {"name": name, "p50": p50, "p95": p95, "goal": goal, "met": p95 <= goal}


def _read_cpu_seconds(sessions: Sequence[tuple[int]]) -> float:
    """Return the CPU seconds of these processes, exactly and not in ticks (Linux)."""
    return sum(
        int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
        for (pid,) in sessions
    )


def _render_row(row: dict[str, Any]) -> str:
    met = "ok" if row["met"] else "MISSED"
    return (
        f"{row['name']:<70} p50 {row['p50']:6.1f} ms, p95 {row['p95']:6.1f} of "
        f"{row['goal']} ms: {met}"
    )


if __name__ == "__main__":
    sys.exit(main())
