"""Finds the pages of the console as a person does: by links, filters and questions."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple
from urllib.parse import urlencode

from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter, RequestRedirect
from werkzeug.test import TestResponse

from admin_gateway.console.page import VIEW_SCOPES
from tests.support.console_client import Browser
from tests.support.console_forms import PageForm, read_page_forms

LINK = re.compile(r'\s(?:href|formaction)="([^"#]+)"')
OPTIONS_PER_FILTER = 3


class FoundPage(NamedTuple):
    """A page, where it is, and the view that has made it."""

    path: str
    endpoint: str
    response: TestResponse


@dataclass
class Crawler:
    """Follows links from the home page of a tenant.

    Of each view, `per_view` addresses are opened for every set of parameters, with the
    filters that `entered` has by the name of their field. `skipped` are endpoints, and
    without `has_csv` tables are not downloaded.
    """

    browser: Browser
    home: str
    per_view: int = 1
    entered: Mapping[str, str] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    has_csv: bool = True

    def __post_init__(self) -> None:
        self.adapter: MapAdapter = self.browser.app.url_map.bind("localhost")
        self.counts: Counter[tuple[str, ...]] = Counter()

    def find_pages(self) -> Iterator[FoundPage]:
        """Yield the pages, CSV files and other downloads that links lead to."""
        waiting, seen = deque([self.home]), {self.home}
        while waiting:
            path = waiting.popleft()
            endpoint = self._choose(path)
            if endpoint is None:
                continue
            response = self.browser.client.get(path, buffered=True)
            yield FoundPage(path, endpoint, response)
            if response.mimetype == "text/html":
                targets = self._list_targets(response.text, path)
                waiting += [target for target in targets if target not in seen]
                seen.update(targets)

    def _choose(self, path: str) -> str | None:
        """Return the view of a path, or None if enough of its kind have been seen."""
        target, _, query = path.partition("?")
        try:
            endpoint, _values = self.adapter.match(target, "GET")
        except (HTTPException, RequestRedirect):
            return None
        if endpoint not in VIEW_SCOPES or endpoint in self.skipped:
            return None
        names = sorted({part.partition("=")[0] for part in query.split("&")})
        if "format" in names and not self.has_csv:
            return None
        self.counts[endpoint, *names] += 1
        is_new = self.counts[endpoint, *names] <= self.per_view
        return str(endpoint) if is_new else None

    def _list_targets(self, page: str, path: str) -> dict[str, None]:
        """Return the links of a page, and where its filters lead."""
        targets = [unescape(target) for target in LINK.findall(page)]
        for form in read_page_forms(page):
            if form.method == "get":
                action = form.action or path.partition("?")[0]
                targets += [
                    f"{action}?{urlencode([pair])}" for pair in self._fill(form)
                ]
        return dict.fromkeys(one for one in targets if one.startswith(self.home))

    def _fill(self, form: PageForm) -> Iterator[tuple[str, str]]:
        for name in form.names:
            options = form.options.get(name, [])[: OPTIONS_PER_FILTER + 1]
            values = [self.entered[name]] if name in self.entered else options
            yield from ((name, value) for value in values if value)
