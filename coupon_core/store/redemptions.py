"""The one guarded write of a redemption: all of it happens, or nothing.

The statements are written once. SQLite runs them one by one; PostgreSQL as a single
one, each part fed by the part before it, in one round trip.
"""

from functools import cache

from peewee import IntegrityError

from coupon_core.model import Definition, Event, IssuedCoupon, Redemption
from coupon_core.store.coupons import new_row
from coupon_core.store.database import execute, is_postgresql
from coupon_core.tables import as_stored_time

# Only definitions with a total limit have their counter touched: counting every
# redemption on one row halves the throughput of all.
COUNT = """
    UPDATE definition SET used_count = used_count + 1
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND used_count < total_limit
"""
# Both hold only while coupon and definition are what the decision was made on; who
# changes the definition in these waits for uses under way (store.coupons.still).
SAME_RULES = """
    EXISTS (SELECT 1 FROM definition d
    WHERE d.tenant_id = :tenant_id AND d.definition_id = :definition_id
    AND d.per_code_limit = :per_code_limit AND d.total_limit = :total_limit
    AND d.custom_code = :custom_code AND d.case_sensitive = :case_sensitive)
"""
USE = f"""
    UPDATE coupon SET user_id = :user_id, redemption_count = :use_number,
        redeemed_at = :redeemed_at
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id
    AND redemption_count = :seen_count AND user_id = :seen_user_id
    AND revoked_at IS NULL AND {SAME_RULES}
"""
CLAIM = f"""
    INSERT INTO coupon (tenant_id, coupon_id, definition_id, user_id, code,
        generated_at, expires_at, redeemed_at, redemption_count, code_key, code_scope)
    SELECT :tenant_id, :coupon_id, :definition_id, :user_id, :code,
        :generated_at, :expires_at, :redeemed_at, 1, :code_key, :code_scope
    {{source}} WHERE {SAME_RULES}
"""
CLAIM_ONCE = "ON CONFLICT (tenant_id, code_key, code_scope) DO NOTHING"
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
        "seen_user_id": seen.coupon.user_id,
        "event_id": event.event_id,
        "event_type": event.event_type,
        "subject": event.subject,
        "occurred_at": as_stored_time(event.occurred_at),
        "data": event.data,
    }
    statements = _statements(definition.total_limit > 0, claim, is_postgresql())
    try:
        return all(execute(sql, parameters).rowcount == 1 for sql in statements)
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
        "total_limit": definition.total_limit,
        "custom_code": definition.custom_code,
        "case_sensitive": definition.case_sensitive,
    }


@cache
def _statements(counted: bool, claim: bool, as_one: bool) -> tuple[str, ...]:
    if as_one:
        return (_one_statement(counted, claim),)
    use = f"{CLAIM.format(source='')} {CLAIM_ONCE}" if claim else USE
    record = RECORD.format(use_number=":use_number")
    return (*([COUNT] if counted else []), use, record, ANNOUNCE)


def _one_statement(counted: bool, claim: bool) -> str:
    """Each part feeds the next; an empty pool or a changed coupon stops them all.

    A use that was counted but did not happen has no number, and a redemption without
    a number breaks NOT NULL: so the statement fails as a whole and counts nothing.
    """
    use = _claim_if(counted) if claim else _use_if(counted)
    record = RECORD.format(use_number="(SELECT number FROM used)")
    counting = f"counted AS ({COUNT} RETURNING 1)," if counted else ""
    return f"""
        WITH {counting} used AS ({use} RETURNING redemption_count AS number),
        recorded AS ({record} FROM {"counted" if counted else "used"} RETURNING 1)
        {ANNOUNCE} FROM recorded
    """


def _use_if(counted: bool) -> str:
    return f"{USE} AND EXISTS (SELECT 1 FROM counted)" if counted else USE


def _claim_if(counted: bool) -> str:
    source = "FROM counted" if counted else ""
    return f"{CLAIM.format(source=source)} {CLAIM_ONCE}"
