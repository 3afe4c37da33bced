"""What a page costs does not depend on how many rows it shows or the tenant has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from peewee import Database

from tests.benchmarks.dataset import console
from tests.benchmarks.dataset.builder import build_dataset
from tests.benchmarks.dataset.console_rows import build_rows
from tests.support.admin_client import started_admin_gateway
from tests.support.console_client import Browser
from tests.support.console_crawler import Crawler

MAX_STATEMENTS = 20  # of a page with a table, of which the session takes some
MAX_OF_CODE_PAGE = 36  # explains the rules one by one
DIVISOR = 50  # of the sizes of the benchmark: most tables still fill a page


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return the browser of an owner of a tenant with full tables."""
    directory = tmp_path_factory.mktemp("cost")
    url = f"sqlite:///{directory / 'coupons.db'}"
    build_dataset(url, directory, 100)
    with started_admin_gateway(url) as app:
        build_rows(400, DIVISOR)
        yield console.sign_in(app)


def test_no_table_sends_a_statement_for_each_row(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"statements": 0}
    execute = Database.execute_sql

    def count(self: Any, *args: Any, **options: Any) -> Any:
        counts["statements"] += 1
        return execute(self, *args, **options)

    monkeypatch.setattr(Database, "execute_sql", count)
    crawler = Crawler(browser, console.HOME, 1, console.ENTERED, has_csv=False)
    costs, before = {}, 0
    for path, endpoint, response in crawler.find_pages():
        if "format=csv" in response.text:
            costs[endpoint, path] = counts["statements"] - before
        before = counts["statements"]
    assert len(costs) > 20
    for (endpoint, path), cost in costs.items():
        is_code = endpoint == "console.code.show"
        assert cost <= (MAX_OF_CODE_PAGE if is_code else MAX_STATEMENTS), path


@pytest.mark.parametrize("path", ["audit", "dead-letters", "players", "points/changes"])
def test_pages_of_a_long_table_continue_at_a_key(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Without an offset, a page takes as long as the first one."""
    rows, offsets = [], []
    execute = Database.execute_sql

    def record(self: Any, sql: str, parameters: Any = None) -> Any:
        offsets.append(" OFFSET " in sql and parameters[-1] != 0)
        return execute(self, sql, parameters)

    monkeypatch.setattr(Database, "execute_sql", record)
    table, link = f"{console.HOME}/{path}", ""
    while link is not None:
        page = browser.client.get(link or table).text
        rows += re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody")[2], re.DOTALL)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        link = found[1] if found else None
    lines = browser.client.get(f"{table}?format=csv").text.splitlines()
    assert len(rows) == len(lines) - 1 > 50
    assert not any(offsets)
