"""`make ha`: kill one part of a cluster after the other under load, and count."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from time import monotonic

from tests.ha.cluster import running_cluster
from tests.ha.event_listener import listening
from tests.ha.kills import KILLS
from tests.ha.tools import install_tools
from tests.ha.trial import Result, run_trial
from tests.support.paths import PROJECT_ROOT
from tests.support.servers import find_rabbitmq

DOCUMENT = PROJECT_ROOT / "docs" / "scaling.md"
BEGIN, END = "<!-- results of make ha -->", "<!-- end of results -->"
HEADER = (
    "| killed | run | requests | failed | acknowledged | lost | doubled "
    "| events missing | served again after |"
)


def main() -> int:
    """Return the exit status: 1 if anything was lost, doubled, or late."""
    parser = argparse.ArgumentParser(prog="make ha", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=KILLS,
        help="kill only this (repeatable; default: all)",
    )
    parser.add_argument("--runs", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument(
        "--write-docs", action="store_true", help="write the table to docs/scaling.md"
    )
    options = parser.parse_args()
    require_programs()
    install_tools()
    started_at = monotonic()
    results = []
    with (
        tempfile.TemporaryDirectory(prefix="coupons-ha-") as directory,
        running_cluster(Path(directory)) as cluster,
        listening(cluster.rabbitmq.url) as listener,
    ):
        print(f"The cluster runs after {monotonic() - started_at:.0f} s.", flush=True)
        for name in options.only or KILLS:
            for run in range(options.runs):
                results.append(run_trial(cluster, listener, KILLS[name], run))
                report(results[-1])
    table = format_table(results)
    print(table, f"{monotonic() - started_at:.0f} s in total.", sep="\n\n")
    if options.write_docs:
        write_document(table)
    return 1 if any(result.violations for result in results) else 0


def require_programs() -> None:
    """End with a message if a program is missing that no lock file installs."""
    programs = {"rabbitmq-server": find_rabbitmq(), "unshare": shutil.which("unshare")}
    missing = [name for name, found in programs.items() if not found]
    if missing:
        raise SystemExit(
            f"make ha needs {' and '.join(missing)}; on Debian and Ubuntu: "
            "apt-get install rabbitmq-server util-linux"
        )


def report(result: Result) -> None:
    """Print the row of a trial, and what was violated."""
    verdict = "BAD " if result.violations else "ok  "
    lines = [verdict + format_row(result), *result.violations]
    print(*lines, sep="\n     ", flush=True)


def format_row(result: Result) -> str:
    """Return the row of a trial in Markdown."""
    failures = result.failures.items()
    cells = [
        result.victim,
        result.run + 1,
        f"{result.requests:,}",
        ", ".join(f"{count} × {status}" for status, count in failures) or "0",
        f"{result.acknowledged:,}",
        result.lost,
        result.doubled,
        result.missing_events,
        f"{result.seconds:.1f} s",
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


def format_table(results: list[Result]) -> str:
    """Return all rows as a table in Markdown."""
    line = "|---" * HEADER.count(" |") + "|"
    return "\n".join([HEADER, line, *map(format_row, results)])


def write_document(table: str) -> None:
    """Replace the table in the document."""
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
