"""What every page keeps to: accessibility, width, keyboard; and the way in and out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from coupon_core.domain.models.operators import Role
from tests.browser.page_paths import list_paths
from tests.browser.running_console import RunningConsole
from tests.browser.showcase import create_showcase
from tests.factories.tenant import create_tenant
from tests.support.browser import Watcher
from tests.support.console_client import invite

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
WIDTHS = (320, 800, 2560)
PARTS = 4  # of the pages, which are checked at the same time
PAGES_PER_DARK_PAGE = 4  # without --sweeps
# Only what a violation needs; the rest takes most of the time.
FAST = {"resultTypes": ["violations"], "preload": False, "selectors": False}
RULES = {
    "light": FAST,
    "dark": FAST | {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
}
RUN_AXE = "options => axe.run(options).then(found => found.violations)"
PLAIN_PAGES = ("/console/sign-in", "/console/no-such-page")


@dataclass(frozen=True)
class ShownPages:
    """Every page of a tenant whose pages have something to show."""

    page: Page
    home: str
    paths: list[str]


@pytest.fixture(scope="session")
def pages(chromium: Browser, console: RunningConsole) -> Iterator[ShownPages]:
    """Yield all pages; fail if one of them complains or asks another host."""
    shown = create_showcase(console.now)
    context = chromium.new_context(reduced_motion="reduce")
    page, watcher = context.new_page(), Watcher(console.url)
    watcher.watch(page)
    home = console.sign_in(page, shown.tenant_id, "owner@showcase.example")
    yield ShownPages(page, home, list(list_paths(shown).values()))
    context.close()
    assert watcher.problems == []
    assert watcher.foreign_urls == []


def find_violations(page: Page, *schemes: str) -> list[Any]:
    """Return what axe finds in light colours, and with the contrast of dark ones."""
    page.evaluate(Axe().axe_script)
    found = []
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        violations = page.evaluate(RUN_AXE, RULES[scheme])
        found += [(scheme, one["id"], one["nodes"][0]["html"]) for one in violations]
    return found


def find_overflows(page: Page) -> list[Any]:
    """Return the widths of the window at which a page scrolls sideways."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 640})
        needed = page.evaluate("document.documentElement.scrollWidth")
        found += [(width, needed)] if needed > width else []
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_accessible_and_fits_from_320_to_2560_pixels(
    pages: ShownPages, part: int, pytestconfig: pytest.Config
) -> None:
    """Pages share their colours, so the suite tests dark ones on some pages."""
    found = {}
    is_complete = pytestconfig.getoption("sweeps")
    for number, path in enumerate(pages.paths[part::PARTS]):
        is_dark = is_complete or number % PAGES_PER_DARK_PAGE == 0
        pages.page.goto(pages.home + path)
        problems = find_violations(pages.page, *RULES if is_dark else ("light",))
        if problems := problems + find_overflows(pages.page):
            found[path] = problems
    assert found == {}


def test_everything_can_be_reached_with_the_keyboard(pages: ShownPages) -> None:
    page = pages.page
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(pages.home)
    page.keyboard.type("gd")
    page.wait_for_url("**/definitions")
    page.keyboard.press("/")
    page.keyboard.type("NEWYEAR2027")
    page.keyboard.press("Enter")
    page.wait_for_url("**/codes*")
    page.keyboard.press("?")
    assert page.is_visible("#keyboard-help dl")
    page.keyboard.press("Tab")
    focus = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(focus) == "3px"
    durations = "getComputedStyle(document.querySelector('a')).transitionDuration"
    assert page.evaluate(durations) == "0s"


def test_the_menu_of_a_small_window_opens_without_scripts(
    chromium: Browser, pages: ShownPages
) -> None:
    context = chromium.new_context(
        java_script_enabled=False,
        viewport={"width": 320, "height": 640},
        storage_state=pages.page.context.storage_state(),
    )
    page = context.new_page()
    page.goto(pages.home)
    assert not page.is_visible("nav >> text=Definitions")
    page.get_by_label("Menu").focus()
    page.keyboard.press("Space")
    page.click("nav >> text=Definitions")
    page.wait_for_url("**/definitions")
    context.close()


def test_pages_before_the_sign_in_keep_to_the_rules(
    chromium: Browser, console: RunningConsole
) -> None:
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    create_tenant(tenant_id="plain")
    link = invite("plain", Role.VIEWER, "new@example.com")
    for path in (*PLAIN_PAGES, link):
        page.goto(console.url + path)
        assert find_violations(page, *RULES) == [], path
    context.close()
