"""The rule that coupons are never given an expiry in the past."""

from datetime import datetime

from coupon_core.domain.entered_times import EnteredTime
from coupon_core.domain.models import AdminReason, Refused
from coupon_core.domain.timestamps import format_timestamp


def explain_past_expiry(expires_at: EnteredTime | None, now: datetime) -> str:
    """Return why a new expiry is refused, or "" if it is in the future or None.

    A local time is accepted here, and decided on when its time zone is known.

    An expiry in the past is most likely a mistyped year; to end coupons now, revoke
    them.
    """
    problem = describe_past_time(expires_at, now)
    return problem and f"expires_at: {problem}"


def describe_past_time(moment: EnteredTime | None, now: datetime) -> str:
    """Return what is wrong with a time that is not in the future, or ""."""
    if not isinstance(moment, datetime) or moment > now:
        return ""
    return f"{format_timestamp(moment)} is in the past; expected a time in the future"


def require_future_expiry(expires_at: EnteredTime | None, now: datetime) -> None:
    """Refuse an expiry that is not in the future; None means no expiry of their own.

    Raises:
        Refused: The expiry is in the past.
    """
    problem = explain_past_expiry(expires_at, now)
    if problem:
        raise Refused(AdminReason.EXPIRY_IS_PAST, problem)
