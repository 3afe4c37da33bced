"""Read users from a CSV file with a column `user_id`."""

from collections.abc import Iterable

from coupon_core.domain.identifiers import is_user_id
from coupon_core.domain.models.inventory import RejectedRow
from coupon_core.schemas.csv_options import (
    CsvColumns,
    CsvOptions,
    InvalidCsv,
    line_error,
)
from coupon_core.schemas.csv_reader import CsvRecord, read_records
from coupon_core.schemas.errors import (
    MAX_DETAILS,
    ErrorDetail,
    truncate_for_display,
)
from coupon_core.schemas.identifiers import USER_ID_EXPECTED

USER_ID_COLUMN = "user_id"
USER_COLUMNS = CsvColumns(USER_ID_COLUMN, (USER_ID_COLUMN,), (), USER_ID_COLUMN)


def read_users(
    pieces: Iterable[bytes], options: CsvOptions, max_users: int
) -> list[str]:
    """Return each user once, in the order of the lines.

    Raises:
        InvalidCsv: Some lines are invalid, or there are no users or too many.
    """
    users: dict[str, None] = {}
    errors: list[ErrorDetail] = []
    for row in read_records(pieces, USER_COLUMNS, options):
        user_id, error = _parse_user(row)
        if error and len(errors) <= MAX_DETAILS:
            errors.append(line_error(row.line, error))
        users[user_id] = None
    if not users and not errors:
        errors.append(line_error(1, "expected one user id per line, found none"))
    if len(users) > max_users:
        errors.append(ErrorDetail(f"expected at most {max_users:,} users", "", "body"))
    if errors:
        raise InvalidCsv(errors)
    return list(users)


def _parse_user(row: CsvRecord | RejectedRow) -> tuple[str, str]:
    """Return the user of a row, and what is wrong with the row."""
    if isinstance(row, RejectedRow):
        return "", row.reason
    user_id = row.values[USER_ID_COLUMN]
    if is_user_id(user_id):
        return user_id, ""
    shown = truncate_for_display(user_id)
    return "", f"{USER_ID_COLUMN}: expected {USER_ID_EXPECTED}, found {shown!r}"
