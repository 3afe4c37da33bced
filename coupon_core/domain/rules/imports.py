"""Decide which rows of a file of codes may be imported, and with which expiry."""

from dataclasses import replace
from datetime import datetime

from coupon_core.domain.csv_columns import ExpirySource
from coupon_core.domain.entered_times import to_instant
from coupon_core.domain.models import CouponStatus, Definition
from coupon_core.domain.models.inventory import ImportRow, RejectedRow
from coupon_core.domain.rules.expiry import explain_past_expiry
from coupon_core.domain.timestamps import format_timestamp

REASON_AWARDED_ONLY = (
    "user_id: expected none, because the codes of this definition are awarded"
)


def find_use(row: ImportRow, definition: Definition) -> str | None:
    """Return why a code counts as used; None if it is unused.

    An imported code starts without redemptions. A code that was used, revoked or
    expired elsewhere would become valid again (docs/api-contracts.md 0.33).
    """
    if row.status != CouponStatus.ACTIVE:
        return f"status: expected active, found {row.status.value}"
    if row.use_count and definition.per_code_limit:
        return (
            f"redemption_count: expected 0, found {row.use_count}, and the definition "
            "limits the uses of a code"
        )
    return None


def find_violation(row: ImportRow, definition: Definition) -> str | None:
    """Return the reason to reject an unused code, or None."""
    return REASON_AWARDED_ONLY if definition.awarded_only and row.user_id else None


def with_own_expiry(
    row: ImportRow, definition: Definition, time_zone: str, now: datetime
) -> ImportRow | RejectedRow:
    """Return a row with the expiry that its code gets, or the reason to reject it."""
    if row.local_expiry:
        try:
            instant = to_instant(row.local_expiry, time_zone)
        except ValueError as error:
            return RejectedRow(row.line, f"expires_at: {error}")
        row = replace(row, expires_at=instant, local_expiry=None)
    if row.expires_at is None:
        return row
    expires_at = own_expiry(row, definition)
    if problem := explain_past_expiry(expires_at, now):
        return RejectedRow(row.line, problem)
    return replace(row, expires_at=expires_at)


def own_expiry(row: ImportRow, definition: Definition) -> datetime | None:
    """Return the expiry that a code gets for itself; None follows the definition.

    An export shows the expiry that is in effect. What came from a definition stays with
    the definition, so that ending it ends the code. A file that does not say where the
    expiry comes from is compared with the definition, in the seconds of an export.
    """
    if row.expires_from is ExpirySource.DEFINITION:
        return None
    is_definitions = format_timestamp(row.expires_at) == format_timestamp(
        definition.expires_at
    )
    return None if row.expires_from is None and is_definitions else row.expires_at
