"""Properties: no two readers of a code disagree, and no two readers of a time.

Readers are listed here where text enters: paths, queries, bodies of the three APIs, CSV
files and events. The command line sends text to the admin API as it is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from admin_gateway.requests.codes import CodeFilterSchema
from coupon_core.domain.codes import ALPHABETS, normalize_code
from coupon_core.domain.entered_times import LocalTime
from coupon_core.domain.models import CodeAlphabet
from coupon_core.domain.models.inventory import ImportRow
from coupon_core.domain.pasted_text import DASHES, INVISIBLE_CHARACTERS, WHITESPACE
from coupon_core.schemas.codes import CodeField, EnteredCodeField
from coupon_core.schemas.csv_import import read_rows
from coupon_core.schemas.csv_options import CsvOptions
from coupon_core.schemas.entered_times import EnteredTimeField
from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.fields import UtcDateTime
from coupon_core.schemas.milestone_events import parse_milestone
from coupon_core.schemas.strict_json import parse_object
from coupon_core.web.path_validation import check_path
from coupon_core.web.query_string import parse_query

NOW = datetime(2026, 5, 4, tzinfo=UTC)
REFUSALS = (ValidationError, ApiError)
Reader = Callable[[str], Any]


def read_body(text: str) -> Any:
    """Return text after a JSON document has carried it."""
    return parse_object(json.dumps({"text": text}).encode())["text"]


def read_path(text: str) -> str | None:
    """Return the code at the end of a path of the query gateway."""
    path = f"/v1/coupons/acme/validate/{quote(text, safe='')}"
    if "/" in text or not text:  # another route
        return None
    check_path({"RAW_URI": path, "REQUEST_METHOD": "GET"}, text)
    return normalize_code(unquote(quote(text)))


def read_query(text: str) -> Any:
    environ = {"QUERY_STRING": f"code={quote(text, safe='')}"}
    parameters = parse_query(environ, {"code"})
    return CodeFilterSchema().load(parameters)["coupon_filter"].code


def read_csv(column: str, attribute: str) -> Reader:
    """Return a reader of a cell of an import."""

    def read(text: str) -> Any:
        row = {"code": "A", column: text}
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(row), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerow(row)
        for record in read_rows([buffer.getvalue().encode()], CsvOptions()):
            return getattr(record, attribute) if isinstance(record, ImportRow) else None
        return None  # the row has no value at all

    return read


CODE_READERS: dict[str, Reader] = {
    "lookups of all services": normalize_code,
    "path": read_path,
    "query": read_query,
    "body of the admin API": lambda text: CodeField().deserialize(read_body(text)),
    "bodies of PlayCamp and Mambo": lambda text: normalize_code(
        EnteredCodeField().deserialize(read_body(text))
    ),
    "CSV": read_csv("code", "code"),
}


def read_event_time(name: str, event: dict[str, Any]) -> Reader:
    def read(text: str) -> datetime:
        document = parse_object(json.dumps({**event, name: text}).encode())
        return parse_milestone(document, NOW).occurred_at

    return read


MEMBERS = {"streak_id": "s", "threshold": 1}


def read_expiry_of_csv(text: str) -> Any:
    return read_csv("expires_at", "expires_at")(text) or read_csv(
        "expires_at", "local_expiry"
    )(text)


ENTERED_TIME_READERS: dict[str, Reader] = {
    "body": lambda text: EnteredTimeField("", is_end=True).deserialize(read_body(text)),
    "CSV": read_expiry_of_csv,
}
TIME_READERS: dict[str, Reader] = {
    "bodies of Mambo": lambda text: UtcDateTime().deserialize(read_body(text)),
    "CloudEvents": read_event_time(
        "time",
        {
            "specversion": "1.0",
            "id": "1",
            "source": "/s",
            "type": "streak.milestone_reached",
            "subject": "ann",
            "tenantid": "acme",
            "data": MEMBERS,
        },
    ),
    "Phoenix events": read_event_time(
        "timestamp",
        {
            "event_id": "1",
            "event_type": "streak.milestone_reached",
            "user_id": "ann",
            "tenant_id": "acme",
            "attributes": MEMBERS,
        },
    ),
}


def read_all(readers: dict[str, Reader], text: str) -> dict[str, Any]:
    """Return what each reader reads; None if it refuses the text."""
    results: dict[str, Any] = {}
    for name, read in readers.items():
        try:
            results[name] = read(text)
        except REFUSALS:
            results[name] = None
    return results


code_characters = ALPHABETS[CodeAlphabet.FULL] + "abz_-" + DASHES + INVISIBLE_CHARACTERS
pasted_codes = st.tuples(
    st.text(WHITESPACE + INVISIBLE_CHARACTERS, max_size=2),
    st.text(code_characters, max_size=70),
    st.text(WHITESPACE + INVISIBLE_CHARACTERS, max_size=2),
).map("".join)
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(pasted_codes | any_text)
def test_no_two_readers_disagree_about_a_code(text: str) -> None:
    results = read_all(CODE_READERS, text)
    assert set(results.values()) == {normalize_code(text)}, results


def mostly(valid: str, *invalid: str) -> st.SearchStrategy[str]:
    """Return one of the valid characters or words, rarely an invalid one."""
    return st.sampled_from([*valid.split(","), *valid.split(",")] * 3 + [*invalid])


times = st.tuples(
    mostly("2026,2028,1970,9999", "1969", "0000", "٢٠٢٦"),
    mostly("-", "/"),
    mostly("01,02,11,12", "13", "00"),
    st.just("-"),
    mostly("01,28,30", "29", "31", "32"),
    mostly("T,t, ", ""),
    mostly("00,09,23", "24"),
    st.just(":"),
    mostly("00,59", "60"),
    mostly(":00,:59", ":60", ""),
    mostly(",.5,.1239,.123456789", ".", ",5"),
    mostly("Z,z,+01:00,-23:59", "+24:00", "+0100", "", "−01:00"),
).map("".join)


@given(times | any_text.filter(lambda text: text == text.strip()))
def test_no_two_readers_disagree_about_a_time(text: str) -> None:
    results = read_all(TIME_READERS, text)
    assert len(set(results.values())) == 1, results
    (moment,) = set(results.values())
    entered_results = read_all(ENTERED_TIME_READERS, text)
    assert len(set(entered_results.values())) == 1, entered_results
    (entered,) = set(entered_results.values())
    assert entered == moment or (moment is None and isinstance(entered, LocalTime))
    assert moment is None or (moment.tzinfo, moment.microsecond % 1000) == (UTC, 0)
