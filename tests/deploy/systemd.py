"""systemd: its units are verified, and how much a service is exposed is measured."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deploy.items import DEPLOY, Item, run_tool

UNITS = DEPLOY / "systemd"
INSTALLED = "/opt/coupons/bin"
MAX_EXPOSURE = 15  # of 100; the network and nothing else is open
EXPOSURE = re.compile(r"exposure level for .*: (\d+\.\d)")


@contextmanager
def installed_units(units: Path) -> Iterator[dict[str, str]]:
    """Yield the variables by which systemd finds these units, for this environment."""
    with tempfile.TemporaryDirectory(prefix="coupons-units-") as name:
        copy = Path(name, "units")
        shutil.copytree(units, copy)
        for path in copy.glob("*.service"):
            here = path.read_text().replace(INSTALLED, str(Path(sys.executable).parent))
            path.write_text(here)
        yield {"SYSTEMD_UNIT_PATH": f"{copy}:"}


def verify_units(units: Path = UNITS) -> str:
    """Run `systemd-analyze verify`, which also exits with 0 after a warning."""
    names = [path.name for path in sorted(units.glob("*.*")) if path.is_file()]
    with installed_units(units) as environment:
        run_tool(
            *("systemd-analyze", "verify", "--man=no", *names),
            environment=environment,
            must_be_silent=True,
        )
    return f"{len(names)} units"


def measure_exposure() -> str:
    """Run `systemd-analyze security`; return the scores of the services."""
    scores = {}
    with installed_units(UNITS) as environment:
        for path in sorted(UNITS.glob("*.service")):
            output = run_tool(
                *("systemd-analyze", "security", "--offline=true", "--no-pager"),
                *(f"--threshold={MAX_EXPOSURE}", path.name),
                environment=environment,
            )
            scores[path.stem] = EXPOSURE.findall(output)[-1]
    return ", ".join(f"{name} {score}" for name, score in scores.items())


ITEMS = (
    Item("systemd units", ("systemd-analyze",), verify_units),
    Item("systemd security", ("systemd-analyze",), measure_exposure),
)
