"""What the pages of a player read, beside their tables."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import g

from admin_gateway.console import code_words
from admin_gateway.console.code_tables import read_by_id
from admin_gateway.console.tables import ReadRows
from admin_gateway.console.texts import N_, gettext
from admin_gateway.requests.codes import UserOrBatchSchema
from coupon_core.domain.models import RedemptionRecord, Refused, utc_now
from coupon_core.domain.models.filters import RedemptionFilter
from coupon_core.domain.models.inventory import CodeJob, CodeTarget, JobKind
from coupon_core.domain.models.reservations import Reservation, ReservationState
from coupon_core.domain.models.users import RegisteredUser
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.services.codes import bulk_changes
from coupon_core.services.coupons import redemption_records, reservations
from coupon_core.services.points import users
from coupon_core.services.privacy import personal_data

MAX_INTEGER_DIGITS = 15
# What is stored about a player, by the table; most of it first.
STORED: Mapping[str, str] = {
    "coupon": N_("codes"),
    "redemption": N_("redemptions"),
    "attempt": N_("failed attempts"),
    "reservation": N_("reservations"),
    "purchase": N_("purchases with points"),
    "wallet": N_("balances of points"),
    "point_entry": N_("changes of points"),
    "earned_coupon": N_("codes that were earned"),
    "coupon_event": N_("entries of timelines"),
    "activity": N_("activities"),
    "user_usage": N_("counters of redemptions"),
    "user_period_usage": N_("counters of redemptions in a period"),
    "known_user": N_("registration"),
    "code_job": N_("jobs"),
    "import_row": N_("lines of imports"),
    "signal": N_("signals"),
}


def load_user_id(text: str) -> str:
    """Return the ID that was entered, or "" if none was."""
    if not text.strip():
        return ""
    body = UserOrBatchSchema().load({"user_id": text.strip()})
    target: CodeTarget = body["target"]
    return target.user_id


def describe_player(user_id: str) -> dict[str, Any]:
    """Return the variables of the head of every page of a player."""
    tenant_id = g.principal.tenant_id
    return {
        "user_id": user_id,
        "user": _find_registered(tenant_id, user_id),
        "guesses_left": code_guessing.limiter().count_remaining(tenant_id, user_id),
        "words": code_words,
    }


def _find_registered(tenant_id: str, user_id: str) -> RegisteredUser | None:
    try:
        return users.get(tenant_id, user_id)
    except Refused:
        return None


def read_uses(user_id: str) -> ReadRows:
    """Return a reader of the uses of a player, newest first."""
    tenant_id = g.principal.tenant_id

    def list_uses(
        cursor: str | None, limit: int
    ) -> tuple[list[RedemptionRecord], int | None]:
        before_id = int(cursor) if cursor else None
        only = RedemptionFilter(user_id=user_id, before_id=before_id)
        return redemption_records.list_redemptions(tenant_id, only, limit)

    return read_by_id(list_uses, _is_number)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MAX_INTEGER_DIGITS


def read_reservations(user_id: str) -> ReadRows:
    """Return a reader of the reservations of a player, newest first."""
    tenant_id = g.principal.tenant_id
    return read_by_id(
        lambda cursor, limit: reservations.list_by_user(
            tenant_id, user_id, limit, cursor
        )
    )


def get_state(reservation: Reservation, now: datetime) -> ReservationState:
    """Return the state as players see it: an ended one holds nothing."""
    is_ended = reservation.state == ReservationState.HELD and not reservation.is_live(
        now
    )
    return ReservationState.EXPIRED if is_ended else reservation.state


def preview_revocation(user_id: str) -> CodeJob:
    """Return what revoking all codes of a player would do now."""
    target = CodeTarget(user_id=user_id)
    tenant_id = g.principal.tenant_id
    return bulk_changes.preview(tenant_id, JobKind.REVOKE, target, utc_now())


def describe_erasure(user_id: str) -> list[tuple[str, int]]:
    """Return what an erasure would change and how many of each, in words."""
    counts = personal_data.preview_erasure(g.principal.tenant_id, user_id)
    return [
        (gettext(word), counts[name]) for name, word in STORED.items() if counts[name]
    ]
