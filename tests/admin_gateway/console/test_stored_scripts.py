"""Texts that callers have stored are shown as texts, on every page and in every CSV."""

from __future__ import annotations

import csv
from html.parser import HTMLParser

import pytest

from coupon_core.domain.models.operators import Role
from tests.admin_gateway.console.site import create_site
from tests.support.admin_client import AdminClient
from tests.support.console_client import sign_in_as
from tests.support.console_crawler import Crawler, FoundPage
from tests.support.stored_scripts import ESCAPED_SCRIPT, SCRIPT, store_scripts

HOME = "/console/t/acme"
FORMULA_STARTS = ("=", "+", "@", "\t", "\r")


class ScriptFinder(HTMLParser):
    """Collects the scripts of a page, and attributes that would run one."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        """Add what runs, apart from the files of the console."""
        values = dict(attributes)
        is_own = (values.get("src") or "").startswith("/console/static/")
        if tag == "script" and not is_own:
            self.found.append(tag)
        self.found += [name for name in values if name.startswith("on")]


@pytest.fixture(scope="module")
def found_pages(sqlite_admin: AdminClient) -> list[FoundPage]:
    """Return all pages of a tenant in which every text is a script."""
    create_site(sqlite_admin)
    store_scripts()
    browser = sign_in_as(sqlite_admin, Role.OWNER)
    return list(Crawler(browser, HOME).find_pages())


def test_no_page_runs_a_stored_script(found_pages: list[FoundPage]) -> None:
    showing = set()
    for path, endpoint, response in found_pages:
        assert response.status_code in (200, 303), path
        if response.mimetype == "text/html":
            assert ScriptFinder(response.text).found == [], path
            if ESCAPED_SCRIPT in response.text:
                showing.add(endpoint)
    assert len(showing) > 60  # otherwise the scripts are stored in the wrong place


def test_no_csv_file_has_a_stored_formula(found_pages: list[FoundPage]) -> None:
    cells = [
        cell
        for _path, _endpoint, response in found_pages
        if response.mimetype == "text/csv"
        for row in csv.reader(response.text.splitlines())
        for cell in row
    ]
    assert [cell for cell in cells if cell.startswith(FORMULA_STARTS)] == []
    assert len([cell for cell in cells if cell.startswith(f"'{SCRIPT}")]) > 10
