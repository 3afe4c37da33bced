"""The tables of codes and players: their columns, and how their rows are read."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from flask import g

from admin_gateway.console.tables import Column, ReadRows, Rows, read_by_offset
from admin_gateway.console.texts import N_
from coupon_core.domain.code_masking import mask_code
from coupon_core.domain.models import IssuedCoupon, Scope, utc_now
from coupon_core.domain.models.explanations import SearchHit
from coupon_core.domain.models.filters import CouponFilter, PageCursor
from coupon_core.domain.rules.redemption import get_coupon_status
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.services.codes import inventory
from coupon_core.services.insight import attempts, search

Row = TypeVar("Row")


def get_status(issued: IssuedCoupon) -> str:
    """Return the present status of a coupon."""
    return get_coupon_status(issued, utc_now()).value


HIT_COLUMNS = (
    Column("code", N_("Code"), lambda hit: hit.code),
    Column("match", N_("How it matches"), lambda hit: hit.match.value),
    Column("definition", N_("Definition"), lambda hit: hit.definition_name),
    Column("user_id", N_("Player"), lambda hit: hit.user_id),
    Column("coupon_id", N_("Coupon ID"), lambda hit: hit.coupon_id),
    Column("redemption_id", N_("Redemption"), lambda hit: hit.redemption_id),
)
CODE_COLUMNS = (
    Column("code", N_("Code"), lambda row: row.issued.coupon.code),
    Column("definition", N_("Definition"), lambda row: row.issued.definition.name),
    Column("user_id", N_("Player"), lambda row: row.issued.coupon.user_id),
    Column(
        "status",
        N_("State"),
        lambda row: get_coupon_status(row.issued, utc_now()).value,
    ),
    Column("uses", N_("Uses"), lambda row: row.issued.coupon.redemption_count),
    Column("generated_at", N_("Created"), lambda row: row.issued.coupon.generated_at),
    Column("expires_at", N_("Expires"), lambda row: row.issued.expires_at),
)
TIMELINE_COLUMNS = (
    Column("at", N_("Time"), lambda entry: entry.occurred_at),
    Column("event", N_("What happened"), lambda entry: entry.event),
    Column("by", N_("Who"), lambda entry: entry.actor),
    Column("details", N_("Details"), lambda entry: dict(entry.details or {})),
)
ATTEMPT_COLUMNS = (
    Column("attempted_at", N_("Time"), lambda row: row.attempted_at),
    Column("user_id", N_("Player"), lambda row: row.user_id),
    Column("code", N_("Code"), lambda row: row.masked_code),
    Column("action", N_("Wanted to"), lambda row: row.action),
    Column("reason", N_("Refused because"), lambda row: row.reason),
    Column("api", N_("API"), lambda row: row.dialect),
)
USE_COLUMNS = (
    Column("redeemed_at", N_("Time"), lambda row: row.redeemed_at),
    Column("code", N_("Code"), lambda row: row.code),
    Column("api", N_("API"), lambda row: row.dialect.value),
    Column("reference", N_("Reference"), lambda row: row.reference),
    Column("reversed_at", N_("Given back"), lambda row: row.reversed_at),
    Column("reason", N_("Reason"), lambda row: row.reversal_reason),
)
RESERVATION_COLUMNS = (
    Column("reserved_at", N_("Reserved"), lambda row: row.reserved_at),
    Column("state", N_("State"), lambda row: row.state.value),
    Column("expires_at", N_("Expires"), lambda row: row.expires_at),
    Column("ended_at", N_("Ended"), lambda row: row.ended_at),
    Column("reference", N_("Reference"), lambda row: row.reference),
    Column("coupon_id", N_("Coupon ID"), lambda row: row.coupon_id),
)
POINT_COLUMNS = (
    Column("created_at", N_("Time"), lambda row: row.created_at),
    Column("point_id", N_("Points"), lambda row: row.point_id),
    Column("amount", N_("Amount"), lambda row: row.amount),
    Column("balance", N_("Balance"), lambda row: row.balance),
    Column("kind", N_("Why"), lambda row: row.kind.value),
    Column("reason", N_("Reason"), lambda row: row.reason),
)
PLAYER_COLUMNS = (
    Column("user_id", N_("Player ID"), lambda user: user.user_id),
    Column("is_member", N_("Member"), lambda user: user.is_member),
    Column("created_at", N_("Registered"), lambda user: user.created_at),
)


def read_by_id(
    list_rows: Callable[[str | None, int], tuple[Sequence[Row], Any]],
    is_id: Callable[[str], bool] = is_uuid,
) -> ReadRows:
    """Adapt a service that continues at an ID; a cursor that is none is the start."""

    def read_rows(cursor: str, limit: int) -> Rows:
        rows, next_id = list_rows(cursor if is_id(cursor) else None, limit)
        return Rows(rows, "" if next_id is None else str(next_id))

    return read_rows


def read_from_list(rows: Sequence[Any]) -> ReadRows:
    """Return a reader of rows that are there already."""
    return read_by_offset(
        lambda part: (rows[part.offset : part.offset + part.limit], len(rows))
    )


def read_codes(coupon_filter: CouponFilter) -> ReadRows:
    """Return a reader of the codes that match a filter, newest first."""
    tenant_id = g.principal.tenant_id
    return read_by_id(
        lambda after_id, limit: inventory.list_codes(
            tenant_id, coupon_filter, PageCursor(limit, after_id), utc_now()
        )
    )


def read_attempts(code: str | None = None, user_id: str | None = None) -> ReadRows:
    """Return a reader of failed attempts on a code or by a player, newest first."""
    tenant_id = g.principal.tenant_id
    return read_by_id(
        lambda cursor, limit: attempts.list_attempts(
            tenant_id, code=code, user_id=user_id, limit=limit, cursor=cursor
        )
    )


def list_hits(text: str) -> list[SearchHit]:
    """Return what a text may mean; codes are masked without the scope `export`."""
    hits = search.search(g.principal.tenant_id, text)
    if Scope.EXPORT in g.principal.scopes:
        return hits
    return [replace(hit, code=mask_code(hit.code)) for hit in hits]
