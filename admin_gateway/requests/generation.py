"""What a request to generate asks for: as JSON, or as CSV with a user on each line."""

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from flask import Request
from marshmallow import ValidationError
from werkzeug.http import parse_options_header

from admin_gateway.requests import GenerateBody, GenerateQuery
from coupon_core.domain.identifiers import is_user_id
from coupon_core.schemas.errors import (
    MOST_DETAILS,
    Detail,
    Problem,
    invalid,
)
from coupon_core.schemas.identifiers import USER_ID_SAID
from coupon_core.schemas.validation_errors import from_validation
from coupon_core.services.batches import MOST_USERS, Wanted
from coupon_core.web.query_string import strict_query
from coupon_core.web.request_body import read_body, read_object

CSV = "text/csv"
MOST_BYTES, MOST_JSON_BYTES = 33_554_432, 16_777_216
COLUMN = "user_id"  # how a first line is told to be a heading

_JSON, _QUERY = GenerateBody(), GenerateQuery()


def wanted_by(request: Request) -> Wanted:
    """What the body asks for. Problem."""
    kind, options = parse_options_header(request.environ.get("CONTENT_TYPE", ""))
    try:
        query = _QUERY.load(strict_query(request.environ, _QUERY.fields))
        if kind.lower() != CSV:
            return _as_json(request, query)
    except ValidationError as error:
        raise from_validation(error) from None
    if options.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        text = "Content-Type: CSV in UTF-8 was expected"
        raise Problem(415, "UNSUPPORTED_MEDIA_TYPE", text)
    users = users_in(read_body(request, MOST_BYTES))
    return Wanted(len(users), users, query.get("expires_at"))


def _as_json(request: Request, query: Mapping[str, Any]) -> Wanted:
    for name in query:  # the body has members for all of it
        raise invalid([Detail("expected only with a body of CSV", name, "query")])
    wanted: Wanted = _JSON.load(read_object(request, MOST_JSON_BYTES))
    return wanted


def users_in(data: bytes) -> list[str]:
    """Every user once, in the order of the lines. Problem with each bad line."""
    users: dict[str, None] = {}
    faults: list[Detail] = []
    for line, row in _rows(data):
        fault = _fault(row)
        if fault and len(faults) <= MOST_DETAILS:
            faults.append(_at(line, fault))
        users[row[0]] = None
    if not users and not faults:
        faults.append(_at(1, "a user id a line was expected, got none"))
    if len(users) > MOST_USERS:
        faults.append(Detail(f"at most {MOST_USERS:,} users were expected", "", "body"))
    if faults:
        raise invalid(faults)
    return list(users)


def _rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not empty, without a heading, each with its number."""
    # With the mark that spreadsheets put before UTF-8, or without.
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")
    reader = csv.reader(text, strict=True)
    try:
        filled = ((reader.line_num, row) for row in reader if any(row))
        for line, row in islice(filled, 1):
            if row != [COLUMN]:
                yield line, row
        yield from filled
    except csv.Error as error:
        raise invalid([_at(reader.line_num, f"expected CSV: {error}")]) from None
    except UnicodeDecodeError:
        raise invalid([_at(reader.line_num + 1, "expected UTF-8")]) from None


def _fault(row: list[str]) -> str:
    if len(row) > 1:
        return f"expected one column, {COLUMN}; got {len(row)}"
    return "" if is_user_id(row[0]) else f"expected {USER_ID_SAID}"


def _at(line: int, message: str) -> Detail:
    return Detail(message, f"line {line}", "body")
