"""`make deploy-check`: check the files of `deploy/` with the tools that read them.

An item whose tool is not installed is NOT CHECKED, which CI does not accept.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from time import monotonic

from tests.deploy import chart, compose, container, observability, proxies, systemd
from tests.deploy.items import CheckFailed, Item, find_tool

ITEMS = (
    *compose.ITEMS,
    *systemd.ITEMS,
    *proxies.ITEMS,
    *chart.ITEMS,
    *observability.ITEMS,
    *container.ITEMS,
)


def main() -> int:
    """Check all items, or those named; return the exit status."""
    parser = argparse.ArgumentParser(prog="make deploy-check", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=[item.name for item in ITEMS],
        help="only this item (repeatable; default: all)",
    )
    names = parser.parse_args().only
    items = [item for item in ITEMS if not names or item.name in names]
    return check_items(items, is_complete_required=bool(os.environ.get("CI")))


def check_items(items: Sequence[Item], is_complete_required: bool) -> int:
    """Print a line for each item; return 1 if one fails, or is required and missing."""
    width = max(len(item.name) for item in items)
    is_good = True
    for item in items:
        started_at = monotonic()
        try:
            missing = [tool for tool in item.tools if not find_tool(tool)]
            if missing:
                is_good &= not is_complete_required
                result = f"NOT CHECKED: tool missing: {', '.join(missing)}"
            else:
                detail = item.check()
                seconds = monotonic() - started_at
                result = f"checked in {seconds:.1f} s{detail and f': {detail}'}"
        except CheckFailed as error:
            is_good = False
            result = f"FAILED: {error}"
        print(f"{item.name:{width}}  {result}", flush=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
