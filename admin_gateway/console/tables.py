"""Tables: one page at a time, and the same rows as CSV."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from flask import Response, request, stream_with_context
from flask.typing import ResponseReturnValue

from admin_gateway.console.forms import Form
from admin_gateway.console.rendering import render
from admin_gateway.console.texts import gettext
from coupon_core.domain.csv_escaping import escape_formula
from coupon_core.domain.models import Page
from coupon_core.domain.models.filters import KeyPage
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.json_encoding import encode_json
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.web.slow_requests import run_slowly

ROWS_PER_PAGE, ROWS_PER_CSV_READ = 50, 500
MAX_CSV_ROWS = 100_000
CURSOR, FORMAT = "after", "format"  # parameters of the URL, beside the filters
MAX_OFFSET_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the CSV, its heading, and its value in a row."""

    name: str
    title: str
    get_value: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows; `next_cursor` is "" on the last, `total` None if unknown."""

    rows: Sequence[Any]
    next_cursor: str
    total: int | None = None


ReadRows: TypeAlias = Callable[[str, int], Rows]
"""Takes a cursor, "" for the first page, and the number of rows."""
ListRows: TypeAlias = Callable[[Page], tuple[Sequence[Any], int]]


def read_by_offset(list_rows: ListRows) -> ReadRows:
    """Adapt a service that takes limit and offset and returns the total."""

    def read_rows(cursor: str, limit: int) -> Rows:
        is_offset = cursor.isascii() and cursor.isdecimal()
        offset = int(cursor[:MAX_OFFSET_DIGITS]) if is_offset else 0
        rows, total = list_rows(Page(limit, offset))
        end = offset + len(rows)
        return Rows(rows, str(end) if rows and end < total else "", total)

    return read_rows


def read_by_key(
    list_rows: ListRows,
    get_key: Callable[[Any], str],
    is_key: Callable[[str], bool] = is_uuid,
) -> ReadRows:
    """Adapt a service that orders by a unique key, so that later pages are as quick."""

    def read_rows(cursor: str, limit: int) -> Rows:
        after = cursor if is_key(cursor) else ""
        found, total = list_rows(KeyPage(limit + 1, after=after))
        rows = found[:limit]
        next_cursor = get_key(rows[-1]) if len(found) > limit else ""
        return Rows(rows, next_cursor, None if after else total)

    return read_rows


def respond_with_table(
    template: str,
    columns: Sequence[Column],
    read_rows: ReadRows,
    *,
    form: Form | None = None,
    describe_rows: Callable[[Sequence[Any]], Mapping[str, Any]] = lambda _: {},
    **values: Any,
) -> ResponseReturnValue:
    """Return a page of a table as HTML, or with `format=csv` all rows as CSV.

    `form` holds the filters; with errors there are no rows. `describe_rows` returns
    more variables of the template, for the rows that it shows.
    """
    form = form or Form()
    if form.errors or form.message:
        read_rows = lambda _cursor, _limit: Rows((), "", 0)  # noqa: E731
    if request.args.get(FORMAT) == "csv":
        # Its reader may be slow.
        return run_slowly(lambda: _respond_with_csv(columns, read_rows))
    found = read_rows(request.args.get(CURSOR, ""), ROWS_PER_PAGE)
    body = render(
        template,
        columns=columns,
        found=found,
        form=form,
        filters=_list_filters(),
        **describe_rows(found.rows),
        **values,
    )
    return body, 400 if form.errors or form.message else 200


def _list_filters() -> dict[str, list[str]]:
    """Return the parameters of the URL, except those that `url_for` has itself."""
    own = {CURSOR, FORMAT, "endpoint", "tenant_id", *(request.view_args or ())}
    return {
        name: texts
        for name, texts in request.args.to_dict(flat=False).items()
        if any(texts) and name not in own and not name.startswith("_")
    }


def _respond_with_csv(columns: Sequence[Column], read_rows: ReadRows) -> Response:
    name = (request.endpoint or "").split(".")[1]
    # The server never closes the response to HEAD.
    has_body = request.method != "HEAD"
    lines = stream_with_context(_iterate_csv(columns, read_rows)) if has_body else ()
    return Response(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _iterate_csv(columns: Sequence[Column], read_rows: ReadRows) -> Iterator[str]:
    yield _format_lines([[column.name for column in columns]])
    cursor, count = "", 0
    while count < MAX_CSV_ROWS:
        found = read_rows(cursor, ROWS_PER_CSV_READ)
        yield _format_lines(
            [
                [_format_cell(column.get_value(row)) for column in columns]
                for row in found.rows
            ]
        )
        count, cursor = count + len(found.rows), found.next_cursor
        if not cursor:
            return
    yield _format_lines([[gettext("There are more rows than this file may have.")]])


def _format_lines(lines: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def _format_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return format_timestamp_milliseconds(value) or ""
    is_document = isinstance(value, dict | list)
    return escape_formula(encode_json(value).decode() if is_document else str(value))
