"""Read codes from a CSV file line by line, with a reason for every invalid line.

The columns are `code`, and optionally `user_id` and `expires_at`. Of an export, those
that say whether a code is used and whose expiry it has are read as well; the others are
passed over, so that an export can be imported.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from coupon_core.domain import codes
from coupon_core.domain.csv_columns import EXPORT_COLUMNS, ExpirySource
from coupon_core.domain.entered_times import LocalTime
from coupon_core.domain.identifiers import is_user_id
from coupon_core.domain.models import CouponStatus
from coupon_core.domain.models.inventory import ImportRow, RejectedRow
from coupon_core.schemas.csv_options import CsvColumns, CsvOptions
from coupon_core.schemas.csv_parsing import MalformedLine
from coupon_core.schemas.csv_reader import read_records
from coupon_core.schemas.errors import truncate_for_display
from coupon_core.schemas.identifiers import USER_ID_EXPECTED
from coupon_core.schemas.timestamps import parse_entered

CODE_EXPECTED = (
    "code: expected 1 to 64 letters, digits, _ or -, starting with a letter or digit"
)
READ_COLUMNS = (
    "code",
    "user_id",
    "expires_at",
    "status",
    "redemption_count",
    "redeemed_at",
    "expires_from",
)
BASIC_COLUMNS = frozenset(READ_COLUMNS[:3])  # the others come from an export
CODE_COLUMNS = CsvColumns(
    "code",
    READ_COLUMNS,
    tuple(name for name in EXPORT_COLUMNS if name not in READ_COLUMNS),
    "code, optionally user_id and expires_at, and those of an export",
)
MAX_COUNT_DIGITS = 9

Values = Mapping[str, str]


def read_rows(
    pieces: Iterable[bytes], options: CsvOptions
) -> Iterator[ImportRow | RejectedRow]:
    """Yield the rows of a file that arrives in pieces.

    Raises:
        InvalidCsv: The first line is missing or does not name the columns.
    """
    for record in read_records(pieces, CODE_COLUMNS, options):
        if isinstance(record, RejectedRow):
            yield record
            continue
        try:
            yield _parse_row(record.line, record.values)
        except MalformedLine as error:
            yield RejectedRow(record.line, str(error))


def _parse_row(number: int, values: Values) -> ImportRow:
    code = codes.normalize_code(values["code"])
    if code is None:
        raise _unexpected(CODE_EXPECTED, values["code"])
    user_id = values.get("user_id", "")
    if user_id and not is_user_id(user_id):
        raise _unexpected(f"user_id: expected {USER_ID_EXPECTED}", user_id)
    row = ImportRow(
        number,
        code,
        user_id=user_id,
        **_parse_expiry(values.get("expires_at", "")),
    )
    return (
        replace(row, **_parse_origin(values)) if values.keys() - BASIC_COLUMNS else row
    )


def _parse_origin(values: Values) -> dict[str, Any]:
    """Return what an export says about a code where it comes from."""
    return {
        "expires_from": _parse_expiry_source(values),
        "status": _parse_status(values.get("status", "")),
        "use_count": _parse_use_count(values),
    }


def _unexpected(expected: str, found: str) -> MalformedLine:
    return MalformedLine(f"{expected}, found {truncate_for_display(found)!r}")


def _parse_expiry(text: str) -> dict[str, Any]:
    try:
        expiry = parse_entered(text, is_end=True) if text else None
    except ValueError as error:
        raise MalformedLine(f"expires_at: {error}") from None
    if isinstance(expiry, LocalTime):
        return {"expires_at": None, "local_expiry": expiry}
    return {"expires_at": expiry}


def _parse_expiry_source(values: Values) -> ExpirySource | None:
    text = values.get("expires_from", "")
    if not text:
        return None
    try:
        source = ExpirySource(text.casefold())
    except ValueError:
        expected = " or ".join(ExpirySource)
        raise _unexpected(f"expires_from: expected {expected}", text) from None
    if source is ExpirySource.COUPON and not values.get("expires_at"):
        raise MalformedLine("expires_at: expected a time, as expires_from is coupon")
    return source


def _parse_status(text: str) -> CouponStatus:
    try:
        return CouponStatus(text.casefold()) if text else CouponStatus.ACTIVE
    except ValueError:
        expected = ", ".join(CouponStatus)
        raise _unexpected(f"status: expected one of {expected}", text) from None


def _parse_use_count(values: Values) -> int:
    """Return how often a code was used; at least once if only the time is given."""
    text = values.get("redemption_count", "")
    if not text:
        return 1 if values.get("redeemed_at") else 0
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_COUNT_DIGITS):
        raise _unexpected("redemption_count: expected a whole number", text)
    return int(text)
