"""`make bench`: run the benchmarks, print the table, and write bench.json."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import nullcontext
from pathlib import Path

from tests.benchmarks import documentation, report, run
from tests.benchmarks.cases import CASES
from tests.benchmarks.model import BenchmarkCase, Options
from tests.benchmarks.other_tree import SERVE_OPTION, print_round, running_other_tree

OUTPUT_PATH = Path(os.environ.get("COUPON_DATA_DIR", "var")) / "bench.json"
DEFAULT_OPTIONS = {"rounds": 5, "seconds": 3.0, "clients": 16, "workers": 2}
QUICK_OPTIONS = {"rounds": 1, "seconds": 0.4, "clients": 4, "workers": 1}


def main() -> int:
    """Return the exit status: 1 if a request failed or a count is wrong, else 0."""
    given = _parse_arguments()
    options, cases = Options(**_select_options(given)), _select_cases(given.only)
    if given.serve_rounds:
        return _serve_rounds(options, cases)
    with (
        running_other_tree(given.against, _list_child_arguments(options, cases))
        if given.against
        else nullcontext()
    ) as other:
        results = run.run_benchmarks(options, cases, other)
        document = report.build_document(options, results, other)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    print(report.render_table(document))
    print(f"Wrote {given.output}.")
    if given.write_docs:
        documentation.write_results(document)
    for line in results.mismatches:
        print(f"WRONG: {line}", file=sys.stderr)
    return 1 if results.mismatches else 0


def _serve_rounds(options: Options, cases: tuple[BenchmarkCase, ...]) -> int:
    with run.open_session(options, cases) as session:
        for _ in sys.stdin:
            print_round(session.run_round())
        return 1 if session.find_mismatches() else 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="measure only the rows whose name begins so, such as redeem (repeatable): "
        + ", ".join(row.name for row in CASES),
    )
    parser.add_argument(
        "--against",
        metavar="REF",
        help="also measure another commit, round by round in turn with this tree",
    )
    parser.add_argument("--rounds", type=int, help="rounds of each row (default: 5)")
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
    parser.add_argument(
        "--write-docs",
        action="store_true",
        help="write the result into docs/performance.md",
    )
    parser.add_argument(SERVE_OPTION, action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    for name in DEFAULT_OPTIONS:
        value = getattr(given, name)
        if value is not None and value <= 0:
            parser.error(f"--{name} is {value}; expected a number greater than 0")
    return given


def _select_options(given: argparse.Namespace) -> dict[str, float]:
    chosen = DEFAULT_OPTIONS | (QUICK_OPTIONS if given.quick else {})
    named = {name: value for name, value in vars(given).items() if name in chosen}
    return chosen | {name: value for name, value in named.items() if value is not None}


def _select_cases(prefixes: list[str] | None) -> tuple[BenchmarkCase, ...]:
    selected = tuple(
        row for row in CASES if row.name.startswith(tuple(prefixes or [""]))
    )
    if not selected:
        names = ", ".join(row.name for row in CASES)
        raise SystemExit(f"--only: no row begins so; expected one of {names}")
    return selected


def _list_child_arguments(
    options: Options, cases: tuple[BenchmarkCase, ...]
) -> list[str]:
    values = {name: getattr(options, name) for name in DEFAULT_OPTIONS}
    return [
        *(f"--{name}={value}" for name, value in values.items()),
        *(f"--only={row.name}" for row in cases),
    ]


if __name__ == "__main__":
    sys.exit(main())
