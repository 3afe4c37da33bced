"""Documents formatted for people: members, tables, and what part of a list is shown."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from shutil import get_terminal_size
from typing import Any

import rich_click as click

from coupon_core.domain.csv_escaping import escape_formula

Document = dict[str, Any]
# Shown on terminals only, and not if NO_COLOR is set.
STATE_COLUMNS = {"status", "state", "is_active"}
STATE_STYLES = {
    **dict.fromkeys(("active", "completed", "exposed", "success", "true"), "green"),
    **dict.fromkeys(("pending", "running", "paused", "suspended"), "yellow"),
    **dict.fromkeys(("failed", "revoked", "false", "cancelled"), "red"),
    **dict.fromkeys(("expired", "archived", "redeemed", "inactive"), "dim"),
}
# They would change the terminal, or the order of what is read on it.
TERMINAL_CONTROLS = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)
PIPED_OUTPUT_WIDTH = 1_000
COLUMN_GAP = 1


def print_csv(rows: Sequence[Document]) -> None:
    """Print rows as CSV (RFC 4180), with the names of their members as headings."""
    flat = [dict(_flatten(row)) for row in rows]
    columns = [*dict.fromkeys(name for row in flat for name in row)]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in flat:
        cells = (format_field(row.get(name)) for name in columns)
        writer.writerow(map(escape_formula, cells))
    click.echo(buffer.getvalue(), nl=False)


def format_field(value: Any) -> str:
    """Return a value as text for programs: nothing for null, JSON for lists."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else format_value(value)


def escape_controls(text: str) -> str:
    """Return a text without what controls terminals; line ends and tabs remain."""
    return TERMINAL_CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def print_members(document: Document) -> None:
    """Print the members, one on each line; a list of objects as a table below them."""
    members = [(escape_controls(name), value) for name, value in _flatten(document)]
    width = max((len(name) for name, _ in members), default=0)
    for name, value in members:
        if not _is_table(value):
            click.echo(f"{name:<{width}}  {format_value(value)}")
    for name, rows in members:
        if _is_table(rows):
            click.echo(f"\n{name}:")
            print_table([*dict.fromkeys(key for row in rows for key in row)], rows)


def print_table(columns: Sequence[str], rows: Sequence[Document]) -> None:
    """Print rows as a table; where it does not fit, the members of one row at a time.

    Only text with blanks is wrapped. IDs, codes and times can always be copied.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    headings = [name.rpartition(".")[2] for name in columns]
    cells = [[format_value(get_member(row, name)) for name in columns] for row in rows]
    terminal_width = get_terminal_size().columns
    # Output to a pipe or file is for programs: a wide console avoids wrapped rows.
    width = terminal_width if sys.stdout.isatty() else PIPED_OUTPUT_WIDTH
    if _get_min_width([headings, *cells]) > width:
        for row in cells:
            print_members(dict(zip(headings, row, strict=True)))
            click.echo()
        return
    table = Table(box=None, pad_edge=False)
    for number, name in enumerate(headings):
        has_text = any(" " in row[number] for row in cells)
        table.add_column(name, no_wrap=not has_text, overflow="fold")
    for row in cells:
        # Names may contain square brackets, which rich would parse as markup.
        styles = [
            STATE_STYLES.get(value.lower(), "") if name in STATE_COLUMNS else ""
            for name, value in zip(headings, row, strict=True)
        ]
        table.add_row(*map(Text, row, styles))
    Console(width=width).print(table)


def _get_min_width(rows: Sequence[Sequence[str]]) -> int:
    """Return the width at which no word of the table has to be broken."""
    widths = (
        max(len(word) for cell in column for word in cell.split() or [""])
        for column in zip(*rows, strict=True)
    )
    return sum(width + COLUMN_GAP for width in widths)


def describe_position(
    document: Document, shown_count: int, offset: int = 0
) -> str | None:
    """Return which part of a list a document shows; None if that is clear."""
    if document.get("next"):
        return (
            f"First {shown_count:,}; there are more. "
            f"Show them with --cursor {document['next']}"
        )
    if "total" not in document:
        return None if shown_count else "None found."
    total, end = document["total"], offset + shown_count
    if not shown_count or shown_count >= total:
        return f"{shown_count:,} of {total:,}"
    start = f"{offset + 1:,} to {end:,}" if offset else f"First {end:,}"
    rest = f"; show more with --offset {end} or a larger --limit" if end < total else ""
    return f"{start} of {total:,}{rest}"


def _flatten(document: Document, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict) and value:
            yield from _flatten(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def get_member(row: Document, path: str) -> Any:
    """Return a member by its name, with dots for nested members; None if absent."""
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(row, dict) for row in value)


def format_value(value: Any) -> str:
    """Return a value of a document as text; a change as `old → new`."""
    if isinstance(value, dict):
        if value.keys() == {"from", "to"}:
            return " → ".join(map(format_value, value.values()))
        members = (
            f"{escape_controls(name)}: {format_value(part)}"
            for name, part in value.items()
        )
        return ", ".join(members) or "-"
    if isinstance(value, list):
        return ", ".join(map(format_value, value)) or "-"
    if isinstance(value, bool):
        return str(value).lower()
    return "-" if value is None else escape_controls(str(value))
