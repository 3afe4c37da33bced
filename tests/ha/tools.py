"""The programs of `make ha` that are in no other environment: Patroni and Caddy."""

from __future__ import annotations

from pathlib import Path

from tests.support.tool_environments import install_python_tools

TOOLS = Path(__file__).parent / ".venv"
TOOLS_BIN = TOOLS / "bin"
# There are no wheels of these: pure Python that setuptools packs.
SOURCE_PACKAGES = ("pysyncobj", "ydiff")


def install_tools() -> None:
    """Install the locked tools, unless they are installed."""
    install_python_tools(
        TOOLS, TOOLS.parent / "requirements.lock", source_packages=SOURCE_PACKAGES
    )
