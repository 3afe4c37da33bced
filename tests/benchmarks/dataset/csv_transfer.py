"""`python -m tests.benchmarks.dataset.csv_transfer`: export and import a million codes.

The admin gateway exports from one tenant and imports into another. Its memory is
measured meanwhile, and both tenants must have the same codes.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from coupon_core import bootstrap
from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definitions, reward_items
from coupon_core.services.codes import jobs
from tests.benchmarks.dataset.builder import (
    TENANT,
    Dataset,
    build_dataset,
    build_on_postgres,
    serving_gateways,
)
from tests.support.servers import postgres_server
from tests.support.servers.process import private_directory

StepResult = tuple[str, bool]  # a line, and whether the step succeeded

OTHER_TENANT = "other"
CHUNK_BYTES = 262_144
MAX_MEMORY_MEGABYTES = 120
# Codes that only one of the two has.
DIFFERENCE = f"""
    SELECT count(*) FROM (
        SELECT code, user_id FROM coupon WHERE tenant_id = '{TENANT}'
        EXCEPT SELECT code, user_id FROM coupon WHERE tenant_id = '{OTHER_TENANT}') AS a
"""


def main() -> int:
    """Return the exit status: 1 if memory grew or the codes differ."""
    given = _parse_arguments()
    with ExitStack() as stack:
        home = stack.enter_context(private_directory(None, "coupons-files-", None))
        dataset = _build_dataset(stack, home, given)
        served = stack.enter_context(serving_gateways(dataset, home))
        file = home / "codes.csv"
        good = [_print_result(result) for result in _run_steps(served, file)]
    return 0 if all(good) else 1


def _run_steps(dataset: Dataset, file: Path) -> Iterator[StepResult]:
    yield _export(dataset, file)
    yield from _import(dataset, file)
    yield _check_difference(dataset)


def _print_result(result: StepResult) -> bool:
    line, good = result
    print(line if good else f"{line}: WRONG", flush=True)
    return good


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["postgresql", "sqlite"])
    return parser.parse_args()


def _build_dataset(stack: ExitStack, home: Path, given: argparse.Namespace) -> Dataset:
    if given.database == "sqlite":
        return build_dataset(f"sqlite:///{home / 'coupons.db'}", home, given.codes)
    server = stack.enter_context(postgres_server(home, fsync=True))
    return build_on_postgres(server, home, given.codes)


class MemoryWatch:
    """The peak memory of a server's processes, in megabytes."""

    def __init__(self, pid: int) -> None:
        self.root = psutil.Process(pid)
        self.peak_megabytes = 0.0
        self.stopped = threading.Event()

    def run(self) -> None:
        """Record the memory until the watch is stopped."""
        while not self.stopped.wait(0.1):
            everyone = [self.root, *self.root.children(recursive=True)]
            sizes = [process.memory_info().rss / 2**20 for process in everyone]
            self.peak_megabytes = max(self.peak_megabytes, *sizes)


@contextmanager
def watching_memory(pid: int) -> Iterator[MemoryWatch]:
    """Measure memory while the block runs."""
    watch = MemoryWatch(pid)
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    yield watch
    watch.stopped.set()
    thread.join()


def _format_result(
    action: str, count: int, seconds: float, megabytes: float
) -> StepResult:
    rate = f"{count:,} codes in {seconds:.1f} s, {count / seconds:,.0f}/s"
    memory = f"gateway peak {megabytes:.0f} MB"
    return f"{action}: {rate}, {memory}", megabytes < MAX_MEMORY_MEGABYTES


def _export(dataset: Dataset, file: Path) -> StepResult:
    connection = http.client.HTTPConnection(
        "127.0.0.1", dataset.admin_port, timeout=600
    )
    began = time.monotonic()
    lines = -1
    with watching_memory(dataset.admin_pid) as watch, file.open("wb") as written:
        headers = {"X-API-Key": dataset.api_key}
        connection.request("GET", f"/v1/tenants/{TENANT}/codes/export", headers=headers)
        answer = connection.getresponse()
        while chunk := answer.read(CHUNK_BYTES):
            written.write(chunk)
            lines += chunk.count(b"\n")
    text, good = _format_result(
        "export", lines, time.monotonic() - began, watch.peak_megabytes
    )
    return text, good and lines == dataset.count


def _import(dataset: Dataset, file: Path) -> Iterator[StepResult]:
    bootstrap.start(dataset.settings)
    api_key, path = _create_other_tenant()
    began = time.monotonic()
    with watching_memory(dataset.admin_pid) as watch:
        job = _upload(dataset, file, api_key, path)
    yield _format_result(
        "import, held", dataset.count, time.monotonic() - began, watch.peak_megabytes
    )
    began = time.monotonic()
    done = jobs.run_to_completion(
        jobs.get(OTHER_TENANT, job["job_id"]), lambda _response: None
    )
    rest = dataset.count - job["done"]
    line, _ = _format_result(
        "import, made by a worker", rest, time.monotonic() - began, 0
    )
    yield line.rpartition(",")[0], done.done_count == dataset.count


def _create_other_tenant() -> tuple[str, str]:
    now = utc_now()
    _, _, api_key = tenants.create(OTHER_TENANT, now)
    reward = {"name": "P", "description": "", "reward_type": "p", "payload": {}}
    item = reward_items.create(OTHER_TENANT, reward, now)
    about = {"name": "Imported", "reward_item_id": item.item_id}
    definition_id = definitions.create(OTHER_TENANT, about, now).definition_id
    return api_key, f"/v1/tenants/{OTHER_TENANT}/coupons/{definition_id}/import"


def _upload(dataset: Dataset, file: Path, api_key: str, path: str) -> Any:
    connection = http.client.HTTPConnection(
        "127.0.0.1", dataset.admin_port, timeout=600
    )
    size = str(file.stat().st_size)
    headers = {"X-API-Key": api_key, "Content-Type": "text/csv", "Content-Length": size}
    with file.open("rb") as body:
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read()
    assert answer.status in (201, 202), text
    return json.loads(text)


def _check_difference(dataset: Dataset) -> StepResult:
    database.close_database()
    url = dataset.settings.database_url
    # Not the core's own connection, whose timeout is too short for this query.
    if url.startswith("sqlite"):
        source: Any = sqlite3.connect(url.removeprefix("sqlite:///"))
    else:
        source = psycopg.connect(url)
    ((missing,),) = source.execute(DIFFERENCE).fetchall()
    source.close()
    return f"codes and users that differ: {missing}", missing == 0


if __name__ == "__main__":
    sys.exit(main())
