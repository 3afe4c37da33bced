"""An item of `make deploy-check`: its tools, and how one of them is run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from tests.support.paths import PROJECT_ROOT

DEPLOY = PROJECT_ROOT / "deploy"
TOOLS_BIN = PROJECT_ROOT / ".venv-deploy" / "bin"
MAX_SHOWN_CHARACTERS = 4_000


class CheckFailed(Exception):
    """A tool found something; the message is what it printed."""


@dataclass(frozen=True)
class Item:
    """What is checked, the programs this needs, and the check.

    The check returns what is worth printing, or raises CheckFailed.
    """

    name: str
    tools: tuple[str, ...]
    check: Callable[[], str]


def find_tool(name: str) -> Path | None:
    """Return a program of the locked environment or of the machine, or None."""
    path = os.pathsep.join((str(TOOLS_BIN), os.environ["PATH"], "/usr/sbin"))
    found = which(name, path=path)
    return Path(found) if found else None


def run_tool(
    *command: str | Path,
    environment: Mapping[str, str] | None = None,
    directory: Path = PROJECT_ROOT,
    must_be_silent: bool = False,
) -> str:
    """Run a program and return its stdout.

    Raises:
        CheckFailed: It fails or, with `must_be_silent`, writes to stderr.
    """
    tool = find_tool(str(command[0]))
    done = subprocess.run(
        [tool or command[0], *command[1:]],
        cwd=directory,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode or (must_be_silent and done.stderr):
        output = (done.stdout + done.stderr)[-MAX_SHOWN_CHARACTERS:]
        title = " ".join(map(str, command))
        raise CheckFailed(f"{title}: exit status {done.returncode}\n{output}")
    return done.stdout
