"""The one guarded write of a redemption: all of it happens, or nothing.

The statements are written once. SQLite runs them one by one; PostgreSQL as a single
one, each part fed by the part before it, in one round trip.
"""

from dataclasses import dataclass
from functools import cache

from peewee import IntegrityError

from coupon_core.domain.models import (
    CodeFormat,
    Definition,
    Event,
    IssuedCoupon,
    Redemption,
)
from coupon_core.domain.rules.redemption import counts_uses
from coupon_core.persistence.database import execute, is_postgresql
from coupon_core.persistence.repositories.coupons import new_row
from coupon_core.persistence.tables import as_stored_time

# Only definitions with a total limit have their counter touched: counting every
# redemption on one row halves the throughput of all.
COUNT = """
    UPDATE definition SET used_count = used_count + 1
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND used_count < total_limit
"""
COUNT_OF_USER = """
    INSERT INTO user_usage (tenant_id, definition_id, user_id, used_count)
    SELECT :tenant_id, :definition_id, :user_id, 1 {source} WHERE true
    ON CONFLICT (tenant_id, definition_id, user_id) DO UPDATE
    SET used_count = user_usage.used_count + 1
    WHERE user_usage.used_count < :per_user_limit
"""
# Both hold only while coupon and definition are what the decision was made on; who
# changes the definition in these waits for uses under way (store.coupons.still).
SAME_RULES = """
    EXISTS (SELECT 1 FROM definition d
    WHERE d.tenant_id = :tenant_id AND d.definition_id = :definition_id
    AND d.per_code_limit = :per_code_limit AND d.per_user_limit = :per_user_limit
    AND d.total_limit = :total_limit
    AND d.custom_code = :custom_code AND d.case_sensitive = :case_sensitive)
"""
CODE_STANDS = """
    EXISTS (SELECT 1 FROM shared_code s
    WHERE s.tenant_id = :tenant_id AND s.code_key = :code_key
    AND s.definition_id = :definition_id AND s.revoked_at IS NULL)
"""
USE = f"""
    UPDATE coupon SET user_id = :user_id, redemption_count = redemption_count + 1,
        redeemed_at = :redeemed_at
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id
    AND redemption_count = :seen_count AND refund_count = :seen_refunds
    AND user_id = :seen_user_id AND revoked_at IS NULL AND returned_at IS NULL
    AND {SAME_RULES}
"""
CLAIM = f"""
    INSERT INTO coupon (tenant_id, coupon_id, definition_id, user_id, code,
        generated_at, expires_at, redeemed_at, redemption_count, code_key, code_scope)
    SELECT :tenant_id, :coupon_id, :definition_id, :user_id, :code,
        :generated_at, :expires_at, :redeemed_at, 1, :code_key, :code_scope
    {{source}} WHERE {SAME_RULES} AND {CODE_STANDS}
"""
CLAIM_ONCE = "ON CONFLICT (tenant_id, code_key, code_scope, copy_number) DO NOTHING"
RECORD = """
    INSERT INTO redemption (tenant_id, coupon_id, use_number, redemption_id,
        definition_id, user_id, dialect, redeemed_at)
    SELECT :tenant_id, :coupon_id, {use_number}, :redemption_id,
        :definition_id, :user_id, :dialect, :redeemed_at
"""
ANNOUNCE = """
    INSERT INTO outbox (tenant_id, event_id, event_type, subject, occurred_at,
        data, state)
    SELECT :tenant_id, :event_id, :event_type, :subject, :occurred_at,
        :data, 'pending'
"""


def record(seen: IssuedCoupon, use: Redemption, event: Event, claim: bool) -> bool:
    """Write a redemption that was decided on `seen`, with its event.

    `claim` makes the coupon itself too. False when the race was lost: the coupon is
    no longer what was seen, the definition has other rules, or the pool is empty;
    then the caller rolls back.
    """
    definition = seen.definition
    parameters = {
        **new_row(seen.coupon, definition),
        **_use_parameters(use),
        **_rule_parameters(definition),
        "seen_count": seen.coupon.redemption_count,
        "seen_refunds": seen.coupon.refund_count,
        "seen_user_id": seen.coupon.user_id,
        "event_id": event.event_id,
        "event_type": event.event_type,
        "subject": event.subject,
        "occurred_at": as_stored_time(event.occurred_at),
        "data": event.data,
    }
    statements = _statements(_shape(definition, claim), is_postgresql())
    try:
        return all(
            execute(sql, parameters, often=True).rowcount == 1 for sql in statements
        )
    except IntegrityError:  # counted, but not used: PostgreSQL has undone both
        return False


def _use_parameters(use: Redemption) -> dict[str, object]:
    return {
        "user_id": use.user_id,
        "use_number": use.use_number,
        "redemption_id": use.redemption_id,
        "dialect": use.dialect.value,
        "redeemed_at": as_stored_time(use.redeemed_at),
    }


def _rule_parameters(definition: Definition) -> dict[str, object]:
    return {
        "per_code_limit": definition.per_code_limit,
        "per_user_limit": definition.per_user_limit,
        "total_limit": definition.total_limit,
        "custom_code": definition.custom_code,
        "case_sensitive": definition.case_sensitive,
    }


@dataclass(frozen=True, slots=True)
class Shape:
    """Which parts the write of a use has."""

    counts: tuple[str, ...]
    claim: bool
    by_creators: bool


def _shape(definition: Definition, claim: bool) -> Shape:
    counts = {
        COUNT: counts_uses(definition),
        COUNT_OF_USER: definition.per_user_limit > 0,
    }
    wanted = tuple(sql for sql, needed in counts.items() if needed)
    return Shape(wanted, claim, definition.code_format == CodeFormat.SHARED)


@cache
def _statements(shape: Shape, as_one: bool) -> tuple[str, ...]:
    if as_one:
        return (_one_statement(shape),)
    counts = [sql.format(source="") for sql in shape.counts]
    record = RECORD.format(use_number=":use_number")
    return (*counts, _use(shape, ""), record, ANNOUNCE)


def _one_statement(shape: Shape) -> str:
    """Each part feeds the next; an empty pool or a changed coupon stops them all.

    A use that was counted but did not happen has no number, and a redemption without
    a number breaks NOT NULL: so the statement fails as a whole and counts nothing.
    """
    parts, last = [], ""
    for number, sql in enumerate(shape.counts):
        source = f"FROM {last}" if last else ""
        last = f"count_{number}"
        parts.append(f"{last} AS ({sql.format(source=source)} RETURNING 1)")
    numbered = "RETURNING redemption_count + refund_count AS number"
    parts.append(f"used AS ({_use(shape, last)} {numbered})")
    record = RECORD.format(use_number="(SELECT number FROM used)")
    first = "count_0" if shape.counts else "used"
    parts.append(f"recorded AS ({record} FROM {first} RETURNING 1)")
    return f"WITH {', '.join(parts)} {ANNOUNCE} FROM recorded"


def _use(shape: Shape, after: str) -> str:
    """The statement that uses or claims the coupon, once `after` has given a row."""
    if shape.claim:
        source = f"FROM {after}" if after else ""
        return f"{CLAIM.format(source=source)} {CLAIM_ONCE}"
    stands = f"AND {CODE_STANDS}" if shape.by_creators else ""
    return f"{USE} {stands} {f'AND EXISTS (SELECT 1 FROM {after})' if after else ''}"
