"""Writes the last result into docs/performance.md."""

from __future__ import annotations

import re
from typing import Any

from tests.benchmarks.report import describe_run
from tests.support.paths import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- results of make bench -->", "<!-- end of results -->"


def write_results(document: dict[str, Any]) -> None:
    """Replace the results on the page between the two marks."""
    text = f"{BEGIN}\n{render_markdown(document)}\n{END}"
    page = PAGE.read_text()
    PAGE.write_text(
        re.sub(f"{BEGIN}.*{END}", lambda _: text, page, count=1, flags=re.DOTALL)
    )


def render_markdown(document: dict[str, Any]) -> str:
    """Return the rows, what each runner cost, and the description of the machine."""
    rows = [_render_row(row) for row in document["rows"]]
    runners = [
        f"| {name} | {runner['cpu_us']['median']:.0f}"
        f" | {runner['client_cpu_us']:.0f} | {runner['per_second']['median']:,.0f} |"
        for name, runner in document["runners"].items()
        if runner["cpu_us"]["median"]
    ]
    return "\n".join(
        [
            f"Measured at {document['at'][:10]}.",
            "",
            "| what | compared with | ratio (range) | goal | met |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "| | CPU µs of the servers | CPU µs of the client | requests per second |",
            "|---|---|---|---|",
            *runners,
            "",
            describe_run(document),
        ]
    )


def _render_row(row: dict[str, Any]) -> str:
    ratio, met = row["ratio"], "yes" if row["ok"] else "no"
    spread = f"{ratio['median']:.2f} × ({ratio['least']:.2f}–{ratio['most']:.2f})"
    return (
        f"| {row['what']} | {row['compared_with']} | {spread} | {row['goal']} | {met} |"
    )
