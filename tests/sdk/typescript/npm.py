"""Build the TypeScript SDK and run Node with the node of the lock file."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.paths import PROJECT_ROOT
from tests.support.requirements import report_missing
from tests.support.servers.node import node_wheel
from tests.support.tool_environments import is_outdated

PACKAGE = PROJECT_ROOT / "sdk" / "typescript"
OPENAPI = PROJECT_ROOT / "sdk" / "openapi"
MODULES = PACKAGE / "node_modules"
DIST = PACKAGE / "dist"
INSTALLED, BUILT = MODULES / ".complete", MODULES / ".built"
HERE = Path(__file__).parent
OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
UNREACHABLE = re.compile(
    r"npm error (?:code (?:E(?:NOTFOUND|CONN|TIMEDOUT|AI_AGAIN|[45]\d\d)|ERR_SOCKET)"
    r"|network)"
)
TIMEOUT_SECONDS = 300


def build_sdk() -> None:
    """Install the locked tools and build, unless that is done for these files.

    Without the npm registry the test is skipped, or fails where npm is required.
    """
    with (PACKAGE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other test processes wait
        if is_outdated(MODULES, PACKAGE / "package-lock.json"):
            install_tools(PACKAGE)
            INSTALLED.touch()
        built_at = BUILT.stat().st_mtime if BUILT.exists() else 0
        if any(path.stat().st_mtime > built_at for path in list_sources()):
            shutil.rmtree(DIST, ignore_errors=True)
            done = run_npm("run", "--silent", "build", cwd=PACKAGE)
            assert done.returncode == 0, done.stdout + done.stderr
            BUILT.touch()


def install_tools(package: Path, **environment: str) -> None:
    """Install the packages of a lock file."""
    options = (*OPTIONS, "--fetch-retries=0")
    done = run_npm("ci", *options, cwd=package, **environment)
    if done.returncode and UNREACHABLE.search(done.stderr):
        report_missing("npm", "its registry cannot be reached")
    assert done.returncode == 0, done.stderr


def list_sources() -> Iterator[Path]:
    """Yield the files that the build reads."""
    yield INSTALLED
    yield from OPENAPI.glob("*.json")
    yield from PACKAGE.glob("*.json")
    for path in (PACKAGE / "src").rglob("*.ts"):
        if path.parent.name != "openapi":  # generated
            yield path


def run_npm(
    *arguments: str | Path, cwd: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run npm; the wheel's own `npm` program does not start."""
    npm = node_wheel().parents[1] / "lib/node_modules/npm/bin/npm-cli.js"
    return run_node(npm, *arguments, cwd=cwd, **environment)


def run_node(
    *arguments: str | Path, cwd: Path, text: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program with Node; `text` is its input."""
    return subprocess.run(
        [node_wheel(), *arguments],
        cwd=cwd,
        env=build_environment(environment),
        input=text,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )


def build_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a program, with Node on its path."""
    path = f"{node_wheel().parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, **given}


def run_script(name: str, *, text: str = "", **environment: str) -> str:
    """Run a script of this folder with the SDK; return its output."""
    done = run_node(HERE / name, cwd=PACKAGE, text=text, **environment)
    if done.returncode:
        pytest.fail(done.stdout + done.stderr, pytrace=False)
    return done.stdout


@contextmanager
def started_script(name: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script that reads lines while the block runs."""
    with subprocess.Popen(
        [node_wheel(), HERE / name],
        env=build_environment(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
