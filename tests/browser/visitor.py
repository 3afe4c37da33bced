"""A person at a browser: reads, clicks and types, and nothing else."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.factories.tenant import TenantFactory
from tests.support.browser import Watcher

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

JOB_TIMEOUT_SECONDS = 60.0
REFRESH_SECONDS = 0.3


@dataclass
class Visitor:
    """Somebody who is signed in, with scripts or without; counts the clicks."""

    page: Page
    home: str
    tenant: TenantFactory
    watcher: Watcher
    has_scripts: bool
    click_count: int = 0

    @property
    def browser(self) -> Browser:
        """Return the browser, to open further windows."""
        found = self.page.context.browser
        assert found
        return found

    def start(self, path: str = "") -> None:
        """Open a page by its address, as a bookmark does."""
        self.page.goto(self.home + path)
        self.click_count = 0

    def find(self, text: str, place: str = "main") -> Locator:
        """Return the link or button of this text."""
        elements = f"{place} :is(a, button, summary)"
        return self.page.locator(f"{elements}:text-is({text!r})").first

    def click(self, *texts: str) -> None:
        """Click links or buttons of the page, one after another."""
        for text in texts:
            self.find(text).click()
            self.click_count += 1

    def go_to(self, entry: str) -> None:
        """Click an entry of the menu."""
        self.find(entry, "nav").click()
        self.click_count += 1

    def fill(self, fields: dict[str, str]) -> None:
        """Type into fields, by their names."""
        for name, text in fields.items():
            self.page.locator(f'main [name="{name}"]').fill(text)

    def select(self, name: str, label: str) -> None:
        """Choose an option of a select."""
        self.page.locator(f'main select[name="{name}"]').select_option(label=label)
        self.click_count += 2

    def search(self, text: str) -> None:
        """Type into the search box of the header, and press Enter."""
        self.page.fill("#search", text)
        self.page.press("#search", "Enter")

    def expect(self, *texts: str) -> None:
        """Fail unless the page soon shows each of the texts."""
        for text in texts:
            self.page.locator("main").get_by_text(text).first.wait_for()

    def wait_for_job(self, text: str = "completed") -> None:
        """Wait until a job has ended; without scripts, press Refresh."""
        deadline = time.monotonic() + JOB_TIMEOUT_SECONDS
        done = self.page.locator("#progress .badge", has_text=text)
        while not done.count():
            assert time.monotonic() < deadline, self.page.inner_text("main")
            time.sleep(REFRESH_SECONDS)
            if not self.has_scripts and self.find("Refresh").count():
                self.find("Refresh").click()

    def download(self, text: str) -> str:
        """Click what downloads a file, and return its content."""
        with self.page.expect_download() as started:
            self.click(text)
        return Path(started.value.path()).read_text("utf-8")

    def upload(self, text: str) -> None:
        """Choose a file."""
        file = {"name": "a.csv", "mimeType": "text/csv", "buffer": text.encode()}
        self.page.set_input_files("#file", file)  # type: ignore[arg-type]
