"""`python -m tests.bench.stock.files`: a million codes out of one tenant into another.

Through the admin gateway, whose memory is watched meanwhile; the sets must be the same.
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
from tests.bench.stock.house import TENANT, House, build, build_on, opened
from tests.servers import postgres_server
from tests.servers.process import private_directory

Told = tuple[str, bool]  # a line, and whether it is as it must be

OTHER = "other"
PIECE = 262_144
MOST_MEGABYTES = 120
# What is in one of the two and not in the other.
DIFFERENCE = f"""
    SELECT count(*) FROM (
        SELECT code, user_id FROM coupon WHERE tenant_id = '{TENANT}'
        EXCEPT SELECT code, user_id FROM coupon WHERE tenant_id = '{OTHER}') AS a
"""


def main() -> int:
    """The exit status: 1 when memory grew or the sets differ."""
    given = _arguments()
    with ExitStack() as stack:
        home = stack.enter_context(private_directory(None, "coupons-files-", None))
        house = _built(stack, home, given)
        served = stack.enter_context(opened(house, home))
        file = home / "codes.csv"
        good = [_said(told) for told in _steps(served, file)]
    return 0 if all(good) else 1


def _steps(house: House, file: Path) -> Iterator[Told]:
    yield _export(house, file)
    yield from _import(house, file)
    yield _difference(house)


def _said(told: Told) -> bool:
    line, good = told
    print(line if good else f"{line}: WRONG", flush=True)
    return good


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["postgresql", "sqlite"])
    return parser.parse_args()


def _built(stack: ExitStack, home: Path, given: argparse.Namespace) -> House:
    if given.database == "sqlite":
        return build(f"sqlite:///{home / 'coupons.db'}", home, given.codes)
    server = stack.enter_context(postgres_server(home, fsync=True))
    return build_on(server, home, given.codes)


class Watch:
    """The most memory that the processes of a server had, in megabytes."""

    def __init__(self, pid: int) -> None:
        self.root = psutil.Process(pid)
        self.most = 0.0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.1):
            everyone = [self.root, *self.root.children(recursive=True)]
            sizes = [one.memory_info().rss / 2**20 for one in everyone]
            self.most = max(self.most, *sizes)


@contextmanager
def watched(pid: int) -> Iterator[Watch]:
    """A watch while the block runs."""
    watch = Watch(pid)
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    yield watch
    watch.done.set()
    thread.join()


def _line(what: str, count: int, seconds: float, megabytes: float) -> Told:
    rate = f"{count:,} codes in {seconds:.1f} s, {count / seconds:,.0f} a second"
    memory = f"gateway at most {megabytes:.0f} MB"
    return f"{what}: {rate}, {memory}", megabytes < MOST_MEGABYTES


def _export(house: House, file: Path) -> Told:
    connection = http.client.HTTPConnection("127.0.0.1", house.admin_port, timeout=600)
    began = time.monotonic()
    lines = -1
    with watched(house.admin_pid) as watch, file.open("wb") as written:
        headers = {"X-API-Key": house.api_key}
        connection.request("GET", f"/v1/tenants/{TENANT}/codes/export", headers=headers)
        answer = connection.getresponse()
        while piece := answer.read(PIECE):
            written.write(piece)
            lines += piece.count(b"\n")
    told, good = _line("export", lines, time.monotonic() - began, watch.most)
    return told, good and lines == house.count


def _import(house: House, file: Path) -> Iterator[Told]:
    bootstrap.start(house.settings)
    api_key, path = _other_tenant()
    began = time.monotonic()
    with watched(house.admin_pid) as watch:
        job = _sent(house, file, api_key, path)
    yield _line("import, held", house.count, time.monotonic() - began, watch.most)
    began = time.monotonic()
    done = jobs.finish(jobs.get(OTHER, job["job_id"]), lambda one: None)
    rest = house.count - job["done"]
    line, _ = _line("import, made by a worker", rest, time.monotonic() - began, 0)
    yield line.rpartition(",")[0], done.done_count == house.count


def _other_tenant() -> tuple[str, str]:
    now = utc_now()
    _, _, api_key = tenants.create(OTHER, now)
    reward = {"name": "P", "description": "", "reward_type": "p", "payload": {}}
    item = reward_items.create(OTHER, reward, now)
    about = {"name": "Imported", "reward_item_id": item.item_id}
    made = definitions.create(OTHER, about, now).definition_id
    return api_key, f"/v1/tenants/{OTHER}/coupons/{made}/import"


def _sent(house: House, file: Path, api_key: str, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", house.admin_port, timeout=600)
    size = str(file.stat().st_size)
    headers = {"X-API-Key": api_key, "Content-Type": "text/csv", "Content-Length": size}
    with file.open("rb") as body:
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read()
    assert answer.status in (201, 202), text
    return json.loads(text)


def _difference(house: House) -> Told:
    database.close_database()
    url = house.settings.database_url
    # Not by the core's own connection, which waits for no answer as long as this.
    if url.startswith("sqlite"):
        source: Any = sqlite3.connect(url.removeprefix("sqlite:///"))
    else:
        source = psycopg.connect(url)
    ((missing,),) = source.execute(DIFFERENCE).fetchall()
    source.close()
    return f"codes and users that differ: {missing}", missing == 0


if __name__ == "__main__":
    sys.exit(main())
