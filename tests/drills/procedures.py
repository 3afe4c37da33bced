"""The shell blocks of `docs/operations`, run as they are printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from coupon_core.settings.loader import Settings
from tests.chaos.worker_processes import build_environment
from tests.support.paths import PROJECT_ROOT
from tests.support.ports import find_free_ports

PAGES = PROJECT_ROOT / "docs" / "operations"
PROGRAMS = Path(sys.executable).parent


def read_blocks(title: str) -> list[str]:
    """Return the shell blocks of a section, in their order."""
    text = "".join(path.read_text() for path in PAGES.glob("*.md"))
    _, _, section = text.partition(f"\n## {title}\n")
    section = re.split(r"\n##? ", section)[0]
    blocks = re.findall(r"```bash\n(.*?)```", section, re.DOTALL)
    assert blocks, f'docs/operations has no commands in "{title}"'
    return blocks


@dataclass
class Stopwatch:
    """Runs blocks, and adds up how long they take."""

    seconds: float = field(default=0.0)

    def run(self, block: str, env: Mapping[str, str], **options: Any) -> str:
        """Run a shell block, all lines of which must succeed; return its output."""
        started_at = monotonic()
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=PROJECT_ROOT,
            env=dict(env),
            capture_output=True,
            text=True,
            **options,
        )
        self.seconds += monotonic() - started_at
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        return done.stdout


def build_operator_environment(
    settings: Settings, *programs: Path, **variables: object
) -> dict[str, str]:
    """Return the variables of an operator's shell on a machine with free ports."""
    path = [PROGRAMS, *programs, os.environ["PATH"]]
    admin, query, bus = find_free_ports(3)
    return {
        **build_environment(settings),
        "PATH": os.pathsep.join(map(str, path)),
        "PYTHONPATH": str(PROJECT_ROOT),
        "ADMIN_PORT": str(admin),
        "QUERY_PORT": str(query),
        "BUS_PORT": str(bus),
        **{name: str(value) for name, value in variables.items()},
    }
