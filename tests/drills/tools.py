"""Litestream, from PATH or from an environment of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.tool_environments import install_python_tools

TOOLS = Path(__file__).parent / ".venv"


def install_tools() -> None:
    """Install the locked tools, unless they are installed."""
    install_python_tools(TOOLS, TOOLS.parent / "requirements.lock")


def find_litestream() -> Path | None:
    """Return the program, or None if it is not installed."""
    found = shutil.which("litestream") or shutil.which("litestream", path=TOOLS / "bin")
    return Path(found) if found else None
