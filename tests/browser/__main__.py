"""Take the screenshot of the README: `make screenshot`.

With `--all DIRECTORY`, take one of every page: light, dark, narrow and in German.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.browser.page_paths import list_paths
from tests.browser.running_console import (
    RunningConsole,
    running_console,
    running_workers,
)
from tests.browser.showcase import create_showcase
from tests.support.browser import require_chromium, running_chromium
from tests.support.paths import PROJECT_ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

README_IMAGE = PROJECT_ROOT / "docs" / "console.png"
WORKERS_START_MILLISECONDS = 8_000
README_SIZE = {"width": 1200, "height": 800}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 800}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 375, "height": 700}},
    "german": {"viewport": {"width": 1280, "height": 800}, "locale": "de-DE"},
}


def main() -> None:
    """Take what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="make screenshot", description=__doc__)
    parser.add_argument("--all", type=Path, metavar="DIRECTORY")
    parser.add_argument("--looks", nargs="*", default=list(LOOKS), choices=list(LOOKS))
    parser.add_argument("--only", default="", help="a part of the paths")
    arguments = parser.parse_args()
    with (
        TemporaryDirectory() as directory,
        running_chromium(require_chromium()) as browser,
        running_console(Path(directory)) as console,
    ):
        if arguments.all:
            arguments.all.mkdir(exist_ok=True, parents=True)
            take_all(console, browser, arguments)
        else:
            take_for_readme(console, browser)


def take_for_readme(console: RunningConsole, browser: Browser) -> None:
    """Store a picture of the home page of a tenant with a month of uses."""
    shown = create_showcase(console.now)
    page = browser.new_page(viewport=README_SIZE)
    home = console.sign_in(page, shown.tenant_id)
    with running_workers(console):
        page.wait_for_timeout(WORKERS_START_MILLISECONDS)
        page.goto(home)
        page.screenshot(path=README_IMAGE)


def take_all(
    console: RunningConsole, browser: Browser, arguments: argparse.Namespace
) -> None:
    """Store a picture of every page in every look."""
    shown = create_showcase(console.now)
    for look in arguments.looks:
        page = browser.new_page(**LOOKS[look])
        home = console.sign_in(page, shown.tenant_id, f"{look}@example.com")
        for name, path in list_paths(shown).items():
            if arguments.only in path:
                page.goto(home + path)
                file_name = name.replace("/", "_").replace("?", "_")
                page.screenshot(
                    path=arguments.all / f"{file_name[:60]}.{look}.png", full_page=True
                )
        page.close()


if __name__ == "__main__":
    main()
