"""The guarded write of a redemption: all of it happens, or nothing.

The statements are written once. SQLite runs them one by one; PostgreSQL as a single
one, in which each part feeds the next, in one round trip.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from peewee import IntegrityError

from coupon_core.domain.models import (
    CodeFormat,
    Definition,
    Event,
    IssuedCoupon,
    Redemption,
)
from coupon_core.domain.rules.redemption import total_limit_counts_redemptions
from coupon_core.domain.rules.usage_slots import get_slot
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute_prepared, is_postgresql
from coupon_core.persistence.repositories.coupons import to_coupon_row
from coupon_core.persistence.repositories.outbox import (
    build_single_insert,
    to_event_row,
)
from coupon_core.persistence.repositories.usage_slots import (
    INCREMENT_SLOT_USAGE,
    get_total_increment,
)
from coupon_core.persistence.repositories.use_conditions import (
    ACTIVE_SHARED_CODE_CONDITION,
    SAME_PERIOD_CONDITION,
    UNCHANGED_COUPON_CONDITION,
    UNCHANGED_DEFINITION_CONDITION,
    UNSUSPENDED_BATCH_CONDITION,
    UNSUSPENDED_CAMPAIGN_CONDITION,
)
from coupon_core.persistence.repositories.user_usage import (
    INCREMENT_PERIOD_USAGE,
    INCREMENT_USER_USAGE,
)
from coupon_core.persistence.tables import to_json_text

UPDATE_COUPON = f"""
    UPDATE coupon SET user_id = :user_id, redemption_count = redemption_count + 1,
        redeemed_at = :redeemed_at WHERE {UNCHANGED_COUPON_CONDITION}
"""
INSERT_CLAIMED_COUPON = f"""
    INSERT INTO coupon (tenant_id, coupon_id, definition_id, user_id, code,
        generated_at, expires_at, redeemed_at, redemption_count, code_key, code_scope)
    SELECT :tenant_id, :coupon_id, :definition_id, :user_id, :code,
        :generated_at, :expires_at, :redeemed_at, 1, :code_key, :code_scope
    {{source}} WHERE {UNCHANGED_DEFINITION_CONDITION} AND {ACTIVE_SHARED_CODE_CONDITION}
"""
ON_CONFLICT_DO_NOTHING = (
    "ON CONFLICT (tenant_id, code_key, code_scope, copy_number) DO NOTHING"
)
INSERT_REDEMPTION = """
    INSERT INTO redemption (tenant_id, coupon_id, use_number, redemption_id,
        definition_id, user_id, dialect, redeemed_at{columns})
    SELECT :tenant_id, :coupon_id, {use_number}, :redemption_id,
        :definition_id, :user_id, :dialect, :redeemed_at{values}
"""


@dataclass(frozen=True, slots=True)
class UseForm:
    """How a use is written: redeemed, reserved, or confirmed after it was counted."""

    update: str  # of the coupon, unless it is claimed
    insert: str  # of the redemption or reservation
    claim: str = INSERT_CLAIMED_COUPON
    is_counted: bool = True
    parameters: Mapping[str, object] = field(default_factory=dict, compare=False)


REDEEMED = UseForm(UPDATE_COUPON, INSERT_REDEMPTION)


def record(
    candidate: IssuedCoupon,
    redemption: Redemption,
    event: Event,
    claim: bool,
    form: UseForm = REDEEMED,
) -> bool:
    """Write a use that was decided on `candidate`, with its event.

    With `claim` the coupon itself is created too. Returns False, and the caller must
    roll back, if coupon or definition have changed or a limit is exhausted.
    """
    parameters = {
        **to_coupon_row(candidate.coupon, candidate.definition),
        **_to_redemption_parameters(redemption),
        **_to_rule_parameters(candidate.definition),
        **form.parameters,
        "batch_id": candidate.coupon.batch_id,
        "seen_count": candidate.coupon.redemption_count,
        "seen_refunds": candidate.coupon.refund_count,
        "seen_reserved": candidate.coupon.reserved_count,
        "seen_user_id": candidate.coupon.user_id,
        **to_event_row(event),
    }
    layout = _choose_layout(
        candidate,
        claim,
        has_note=redemption.has_note,
        is_traced="traceparent" in parameters,
    )
    statements = _build_statements(layout, form, is_postgresql())
    try:
        return all(
            execute_prepared(sql, parameters).rowcount == 1 for sql in statements
        )
    except IntegrityError:  # counted but not redeemed: PostgreSQL has rolled both back
        return False


def _to_redemption_parameters(redemption: Redemption) -> dict[str, object]:
    return {
        "user_id": redemption.user_id,
        "use_number": redemption.use_number,
        "redemption_id": redemption.redemption_id,
        "dialect": redemption.dialect.value,
        "redeemed_at": format_timestamp_milliseconds(redemption.redeemed_at),
        "period_key": redemption.period_key,
        "reference": redemption.reference,
        "metadata": to_json_text(redemption.metadata or {}),
        "user_slot": get_slot(redemption.user_id),
    }


def _to_rule_parameters(definition: Definition) -> dict[str, object]:
    return {
        "per_code_limit": definition.per_code_limit,
        "per_user_limit": definition.per_user_limit,
        "total_limit": definition.total_limit,
        "user_period_limit": definition.user_period_limit,
        "user_period": definition.user_period,
        "campaign_id": definition.campaign_id,
        "custom_code": definition.custom_code,
        "case_sensitive": definition.case_sensitive,
    }


@dataclass(frozen=True, slots=True)
class StatementLayout:
    """The parts that the write of a redemption consists of."""

    counter_statements: tuple[str, ...]
    claim: bool
    has_shared_code: bool
    has_batch: bool
    has_note: bool  # a reference or metadata
    has_campaign: bool
    is_traced: bool


def _choose_layout(
    candidate: IssuedCoupon, claim: bool, has_note: bool, is_traced: bool
) -> StatementLayout:
    definition = candidate.definition
    counts = {
        get_total_increment(definition): total_limit_counts_redemptions(definition),
        INCREMENT_USER_USAGE: definition.per_user_limit > 0,
        INCREMENT_PERIOD_USAGE: definition.user_period_limit > 0,
    }
    return StatementLayout(
        counter_statements=tuple(sql for sql, needed in counts.items() if needed),
        claim=claim,
        has_shared_code=definition.code_format == CodeFormat.SHARED,
        has_batch=candidate.coupon.batch_id is not None,
        has_note=has_note,
        has_campaign=definition.campaign_id != "",
        is_traced=is_traced,
    )


@cache
def _build_statements(
    layout: StatementLayout, form: UseForm, is_combined: bool
) -> tuple[str, ...]:
    counters = layout.counter_statements if form.is_counted else ()
    if is_combined:
        return (_combine_statements(layout, form, counters),)
    counts = [sql.format(source="") for sql in counters]
    record = _build_record_statement(layout, form, ":use_number")
    coupon = _build_coupon_statement(layout, form, "")
    return (*counts, coupon, record, build_single_insert(layout.is_traced))


def _combine_statements(
    layout: StatementLayout, form: UseForm, counters: tuple[str, ...]
) -> str:
    """Combine the parts into one statement; each part feeds the next.

    An exhausted limit or a changed coupon stops all following parts. A use that was
    counted but did not happen has no number, which violates NOT NULL in the redemption.
    So the statement fails as a whole and counts nothing.
    """
    parts, last = [], ""
    for number, sql in enumerate(counters):
        source = f"FROM {last}" if last else ""
        last = f"count_{number}"
        returned = "slot" if sql == INCREMENT_SLOT_USAGE else "1"
        parts.append(f"{last} AS ({sql.format(source=source)} RETURNING {returned})")
    numbered = "RETURNING redemption_count + refund_count AS number"
    parts.append(f"used AS ({_build_coupon_statement(layout, form, last)} {numbered})")
    record = _build_record_statement(layout, form, "(SELECT number FROM used)")
    first = "count_0" if counters else "used"
    parts.append(f"recorded AS ({record} FROM {first} RETURNING 1)")
    insert_event = build_single_insert(layout.is_traced)
    return f"WITH {', '.join(parts)} {insert_event} FROM recorded"


def _build_coupon_statement(
    layout: StatementLayout, form: UseForm, previous: str
) -> str:
    """Return the statement that uses or claims the coupon.

    It takes effect only if the part `previous` has returned a row.
    """
    conditions = {
        SAME_PERIOD_CONDITION: INCREMENT_PERIOD_USAGE in layout.counter_statements,
        UNSUSPENDED_CAMPAIGN_CONDITION: layout.has_campaign,
        UNSUSPENDED_BATCH_CONDITION: layout.has_batch,
        ACTIVE_SHARED_CODE_CONDITION: layout.has_shared_code and not layout.claim,
        f"EXISTS (SELECT 1 FROM {previous})": bool(previous) and not layout.claim,
    }
    needed = " ".join(f"AND {sql}" for sql, needed in conditions.items() if needed)
    if layout.claim:
        source = f"FROM {previous}" if previous else ""
        insert = form.claim.format(source=source)
        return f"{insert} {needed} {ON_CONFLICT_DO_NOTHING}"
    return f"{form.update} {needed}"


def _build_record_statement(
    layout: StatementLayout, form: UseForm, use_number: str
) -> str:
    has_period = INCREMENT_PERIOD_USAGE in layout.counter_statements
    columns = ", reference, metadata" * layout.has_note + ", period_key" * has_period
    values = columns.replace(", ", ", :")
    if INCREMENT_SLOT_USAGE in layout.counter_statements:
        columns += ", usage_slot"
        values += ", (SELECT slot FROM count_0)" if form.is_counted else ", :usage_slot"
    return form.insert.format(use_number=use_number, columns=columns, values=values)
