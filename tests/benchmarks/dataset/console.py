"""`python -m tests.benchmarks.dataset.console`: the console at a million coupons.

Follows the links of the console from the home page, and calls every page that it finds
many times, in this process. Prints the time and the size of each. The goals are
50 ms (p95) for lists and reports and, for the first visit of the home page, 150 kB.
Then a gateway serves 2,000 pages and all codes as CSV, and its memory is printed.
"""

from __future__ import annotations

import argparse
import gzip
import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psycopg
from flask import Flask

from admin_gateway import create_app
from admin_gateway.console.build import compile_translations
from admin_gateway.console.page import VIEW_SCOPES
from coupon_core import bootstrap
from coupon_core.domain.models.operators import Role
from coupon_core.persistence import database
from tests.benchmarks.dataset.builder import (
    TENANT,
    Dataset,
    build_dataset,
    build_on_postgres,
)
from tests.benchmarks.dataset.console_memory import measure_memory
from tests.benchmarks.dataset.console_rows import build_rows
from tests.benchmarks.load import compute_percentile
from tests.support.console_client import PASSWORD, Browser, invite
from tests.support.console_crawler import Crawler
from tests.support.servers import postgres_server
from tests.support.servers.process import private_directory

MAX_P95_MS, MAX_FIRST_VISIT_BYTES = 50.0, 150_000
HOME = f"/console/t/{TENANT}"
DOWNLOAD = f"{HOME}/export/codes.csv"
FILE = re.compile(r'\s(?:href|src)="(/console/static/[^"]+)"')
# Addresses of one view that are measured, for each set of its parameters.
ADDRESSES_PER_VIEW = 2
# What is entered in the fields of filters.
ENTERED = {
    **{"q": "D1000000077", "code": "D1000000077", "user_id": "player_7"},
    **{"keyword": "Creator A", "name": "Offer 7", "reference": "order-77"},
    **{"from": "2026-01-01", "metadata": "season=spring", "object_id": "c7"},
}
SLOW_ON_PURPOSE = frozenset({"console.player.export", "console.exports.download"})
"""Views that return a whole document or file."""


@dataclass
class Measurement:
    """The times of one address, and the size of its page."""

    path: str
    endpoint: str
    size: int
    compressed_size: int
    has_goal: bool
    milliseconds: list[float] = field(default_factory=list)
    cpu_milliseconds: list[float] = field(default_factory=list)

    @property
    def p95(self) -> float:
        """The time that 95 % of the requests do not exceed."""
        return compute_percentile(sorted(self.milliseconds), 95)

    @property
    def is_slow(self) -> bool:
        """Return True if a list or a report is above the goal."""
        return self.has_goal and self.p95 > MAX_P95_MS


def sign_in(app: Flask) -> Browser:
    """Return the browser of a new owner of the tenant."""
    browser = Browser(app)
    browser.open(invite(TENANT, Role.OWNER, f"{time.time()}@example.com"))
    browser.submit(password=PASSWORD, repeated_password=PASSWORD)
    return browser


def find_pages(browser: Browser) -> Iterator[Measurement]:
    """Yield all pages, without times."""
    crawler = Crawler(
        browser, HOME, ADDRESSES_PER_VIEW, ENTERED, SLOW_ON_PURPOSE, has_csv=False
    )
    for path, endpoint, response in crawler.find_pages():
        if response.status_code != 200:
            print(response.status_code, path, file=sys.stderr)
        elif response.mimetype == "text/html":
            size = len(response.data)
            compressed_size = len(gzip.compress(response.data))
            has_goal = path == HOME or "format=csv" in response.text
            yield Measurement(path, endpoint, size, compressed_size, has_goal)


def measure(app: Flask, rounds: int) -> list[Measurement]:
    """Return the measurements of all pages; rounds alternate between the pages."""
    browser = sign_in(app)
    pages = list(find_pages(browser))
    for _ in range(rounds):
        for page in pages:
            began, cpu_began = time.perf_counter(), time.thread_time()
            response = browser.client.get(page.path)
            page.milliseconds.append((time.perf_counter() - began) * 1_000)
            page.cpu_milliseconds.append((time.thread_time() - cpu_began) * 1_000)
            assert response.status_code == 200, page.path
    return pages


def measure_first_visit(app: Flask) -> dict[str, int]:
    """Return the compressed sizes of what a browser loads for the home page."""
    client = sign_in(app).client
    headers = {"Accept-Encoding": "gzip"}
    home = client.get(HOME, headers=headers)
    sizes = {HOME: len(home.data)}
    page = gzip.decompress(home.data).decode() if home.content_encoding else home.text
    for path in dict.fromkeys(FILE.findall(page)):
        sizes[path] = len(client.get(path, headers=headers).data)
    return sizes


def print_table(pages: list[Measurement]) -> None:
    """Print the slowest pages first, with the CPU time of this process."""
    print(f"{'p50 ms':>8}{'p95 ms':>8}{'CPU ms':>8}{'kB':>7}{'gzip kB':>9}  page")
    for page in sorted(pages, key=lambda page: -page.p95):
        p50, cpu = median(page.milliseconds), median(page.cpu_milliseconds)
        sizes = f"{page.size / 1000:7.0f}{page.compressed_size / 1000:9.1f}"
        mark = "  ABOVE THE GOAL" if page.is_slow else ""
        print(f"{p50:8.1f}{page.p95:8.1f}{cpu:8.1f}{sizes}  {page.path}{mark}")


def run(dataset: Dataset, rounds: int, home: Path) -> bool:
    """Print all figures; return True if the goals are reached."""
    bootstrap.start(dataset.settings)
    app = create_app(dataset.settings)
    pages = measure(app, rounds)
    print_table(pages)
    found = {page.endpoint for page in pages}
    missing = VIEW_SCOPES.keys() & _list_get_views(app) - found
    print("not measured:", ", ".join(sorted(missing)))
    first_visit = measure_first_visit(app)
    for path, size in first_visit.items():
        print(f"{size:8,} bytes  {path}")
    total = sum(first_visit.values())
    print(f"{total:8,} bytes for the first visit of the home page")
    lists = [page.path for page in pages if page.has_goal]
    is_small = measure_memory(dataset, sign_in(app), lists, DOWNLOAD, home)
    is_quick = not any(page.is_slow for page in pages)
    return is_quick and is_small and total <= MAX_FIRST_VISIT_BYTES


def _list_get_views(app: Flask) -> set[str]:
    rules = app.url_map.iter_rules()
    return {rule.endpoint for rule in rules if "GET" in (rule.methods or ())}


def main() -> int:
    """Return the exit status: 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--divisor", type=int, default=1, help="of all other rows")
    parser.add_argument("--database", choices=["postgresql", "sqlite"])
    given = parser.parse_args()
    compile_translations()
    with ExitStack() as stack:
        home = stack.enter_context(private_directory(None, "coupons-console-", None))
        dataset = _build_dataset(stack, home, given)
        return 0 if run(dataset, given.rounds, home) else 1


def _build_dataset(stack: ExitStack, home: Path, given: argparse.Namespace) -> Dataset:
    """Create the tenant: half of its coupons belong to one definition."""
    count = given.codes // 2
    if given.database == "sqlite":
        dataset = build_dataset(f"sqlite:///{home / 'coupons.db'}", home, count)
    else:
        server = stack.enter_context(postgres_server(home, fsync=True))
        dataset = build_on_postgres(server, home, count)
    bootstrap.start(dataset.settings)
    build_rows(count, given.divisor)
    database.close_database()
    if given.database != "sqlite":
        with psycopg.connect(
            dataset.settings.database_url, autocommit=True
        ) as connection:
            connection.execute("VACUUM ANALYZE")
    return dataset


if __name__ == "__main__":
    sys.exit(main())
