"""`make bench`: run every benchmark, print the table, and write bench.json."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from tests.benchmarks import report, run
from tests.benchmarks.model import Options

OUTPUT_PATH = Path(os.environ.get("COUPON_DATA_DIR", "var")) / "bench.json"
QUICK_OPTIONS = {"rounds": 1, "seconds": 0.4, "clients": 4, "workers": 1}


def main() -> int:
    """Return the exit status: 1 if a request failed or a count is wrong, else 0."""
    given = _parse_arguments()
    options = Options(**_select_options(given))
    results = run.run_benchmarks(options)
    document = report.build_document(options, results)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    print(report.render_table(document))
    print(f"Wrote {given.output}.")
    for line in results.mismatches:
        print(f"WRONG: {line}", file=sys.stderr)
    return 1 if results.mismatches else 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, help="rounds of each measurement (default: 5)"
    )
    parser.add_argument(
        "--seconds", type=float, help="duration of each round (default: 3)"
    )
    parser.add_argument(
        "--clients", type=int, help="simultaneous clients (default: 16)"
    )
    parser.add_argument(
        "--workers", type=int, help="workers of each gunicorn (default: 2)"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="run one short round to check that everything works",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=OUTPUT_PATH,
        help="path of the JSON document (default: %(default)s)",
    )
    return parser.parse_args()


def _select_options(given: argparse.Namespace) -> dict[str, float]:
    usual = {"rounds": 5, "seconds": 3.0, "clients": 16, "workers": 2}
    chosen = usual | (QUICK_OPTIONS if given.quick else {})
    named = {name: value for name, value in vars(given).items() if name in chosen}
    return chosen | {name: value for name, value in named.items() if value is not None}


if __name__ == "__main__":
    sys.exit(main())
