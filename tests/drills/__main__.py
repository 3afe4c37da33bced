"""`make drills`: follow `docs/operations/backup.md` with much data."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.drills.drills import DRILLS, Result
from tests.drills.procedures import PAGES
from tests.drills.tools import install_tools

BEGIN, END = "<!-- results of make drills -->", "<!-- end of results -->"
DOCUMENT = PAGES / "backup.md"
HEADER = "| procedure | rows | backup | created in | restored in | uses lost |"


def main() -> int:
    """Run the drills; an error ends with its traceback."""
    parser = argparse.ArgumentParser(prog="make drills", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=DRILLS,
        help="only this drill (repeatable; default: all)",
    )
    parser.add_argument(
        "--coupons", type=int, default=200_000, help="(default: %(default)s)"
    )
    parser.add_argument("--install", action="store_true", help="only install the tools")
    parser.add_argument(
        "--write-docs", action="store_true", help=f"write the table to {DOCUMENT.name}"
    )
    options = parser.parse_args()
    install_tools()
    if options.install:
        return 0
    rows = []
    for name in options.only or DRILLS:
        with tempfile.TemporaryDirectory(prefix="coupons-drill-") as directory:
            rows.append(format_row(DRILLS[name](Path(directory), options.coupons)))
        print(rows[-1], flush=True)
    table = "\n".join([HEADER, "|---" * HEADER.count(" |") + "|", *rows])
    if options.write_docs:
        before, _, rest = DOCUMENT.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")
    return 0


def format_row(result: Result) -> str:
    """Return the result of a drill as a row in Markdown."""
    cells = [
        result.name,
        f"{result.rows:,}",
        f"{result.backup_bytes / 1e6:,.1f} MB",
        f"{result.create_seconds:.1f} s" if result.create_seconds else "–",
        f"{result.restore_seconds:.1f} s",
        result.lost_uses,
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    sys.exit(main())
