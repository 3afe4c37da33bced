"""Converts rows of raw SQL to domain values, column by column in field order."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from coupon_core.domain.models import (
    CodeAlphabet,
    CodeFormat,
    Coupon,
    Definition,
    DefinitionStatus,
    IssuedCoupon,
    RewardItem,
    Trigger,
    UsagePeriod,
)
from coupon_core.persistence.tables import parse_json, to_datetime
from coupon_core.persistence.tables.definitions import MIN_SLOTTED_COUNT, SLOTTED_COUNT

Row = Sequence[Any]

MAX_SHARED_VALUES = 1_024


def format_columns(value_type: type, alias: str) -> str:
    """Return the columns for the fields of a value type, in field order."""
    return ", ".join(f"{alias}.{field.name}" for field in fields(value_type))


CODE_MATCHES = "(c.code = :code OR NOT d.case_sensitive)"
# Revoking a creator's code is one row in shared_code that applies to all its coupons.
REVOKED_AT_EXPRESSION = """COALESCE(c.revoked_at,
    CASE WHEN d.code_format = 'shared' THEN (SELECT s.revoked_at FROM shared_code s
    WHERE s.tenant_id = :tenant_id AND s.code_key = c.code_key
    AND s.definition_id = c.definition_id) END)"""
COUPON_COLUMNS = format_columns(Coupon, "c").replace(
    "c.revoked_at", REVOKED_AT_EXPRESSION
)
# A campaign ends and reopens all its definitions by its own row.
IS_CAMPAIGN_ENDED_EXPRESSION = """(d.campaign_id <> '' AND EXISTS (SELECT 1
    FROM campaign a WHERE a.tenant_id = :tenant_id AND a.campaign_id = d.campaign_id
    AND a.status IN ('COMPLETED', 'CANCELLED')))"""
_CAMPAIGN_COLUMN_EXPRESSION = """CASE WHEN d.campaign_id <> '' THEN (SELECT a.{column}
    FROM campaign a WHERE a.tenant_id = :tenant_id
    AND a.campaign_id = d.campaign_id) END"""
CAMPAIGN_SUSPENDED_AT_EXPRESSION = _CAMPAIGN_COLUMN_EXPRESSION.format(
    column="suspended_at"
)
HAS_USAGE_SLOTS_EXPRESSION = f"(d.used_count >= {MIN_SLOTTED_COUNT})"
USED_COUNT_EXPRESSION = f"""CASE WHEN {HAS_USAGE_SLOTS_EXPRESSION}
    THEN d.used_count - {SLOTTED_COUNT} + (SELECT CAST(sum(u.used_count) AS integer)
    FROM definition_usage_slot u WHERE u.tenant_id = :tenant_id
    AND u.definition_id = d.definition_id) ELSE d.used_count END"""
_DERIVED_EXPRESSIONS = {
    "d.used_count": USED_COUNT_EXPRESSION,
    "d.has_usage_slots": HAS_USAGE_SLOTS_EXPRESSION,
    "d.is_campaign_ended": IS_CAMPAIGN_ENDED_EXPRESSION,
    "d.campaign_suspended_at": CAMPAIGN_SUSPENDED_AT_EXPRESSION,
    "d.campaign_time_zone": _CAMPAIGN_COLUMN_EXPRESSION.format(column="time_zone"),
}
DEFINITION_COLUMNS = ", ".join(
    _DERIVED_EXPRESSIONS.get(column, column)
    for column in format_columns(Definition, "d").split(", ")
)
# Beside a coupon, the count of slots says only whether all are full: to read all would
# slow down redemptions, and each would see another value of the definition.
_FULL_SLOTS_EXPRESSION = f"""CASE WHEN NOT {HAS_USAGE_SLOTS_EXPRESSION}
    THEN d.used_count WHEN EXISTS (SELECT 1 FROM definition_usage_slot u
    WHERE u.tenant_id = :tenant_id AND u.definition_id = d.definition_id
    AND u.used_count < u.max_count) THEN 0 ELSE d.total_limit END"""
REDEEMED_DEFINITION_COLUMNS = DEFINITION_COLUMNS.replace(
    USED_COUNT_EXPRESSION, _FULL_SLOTS_EXPRESSION
)
REWARD_ITEM_COLUMNS = format_columns(RewardItem, "r")
_COUPON_COLUMN_COUNT = len(fields(Coupon))
DEFINITION_COLUMN_COUNT = len(fields(Definition))
_REWARD_ITEM_START = _COUPON_COLUMN_COUNT + DEFINITION_COLUMN_COUNT

_BATCH_SUSPENDED_AT_INDEX = _REWARD_ITEM_START + len(fields(RewardItem))
_CREATOR_KEY_INDEX = _BATCH_SUSPENDED_AT_INDEX + 1

# CASE, because most coupons have no batch, and then none is looked up.
BATCH_SUSPENDED_AT_EXPRESSION = """
    CASE WHEN c.batch_id IS NOT NULL THEN (SELECT b.suspended_at FROM batch b
    WHERE b.tenant_id = :tenant_id AND b.batch_id = c.batch_id) END
"""
CREATOR_KEY_EXPRESSION = """
    CASE WHEN d.code_format = 'shared' THEN (SELECT s.creator_key FROM shared_code s
    WHERE s.tenant_id = :tenant_id AND s.code_key = c.code_key
    AND s.definition_id = c.definition_id) END
"""
SELECT_ISSUED_COUPONS = f"""
    SELECT {COUPON_COLUMNS}, {REDEEMED_DEFINITION_COLUMNS}, {REWARD_ITEM_COLUMNS},
        {BATCH_SUSPENDED_AT_EXPRESSION}, {CREATOR_KEY_EXPRESSION}
    FROM coupon c
    JOIN definition d ON d.tenant_id = :tenant_id AND d.definition_id = c.definition_id
    JOIN reward_item r ON r.tenant_id = :tenant_id AND r.item_id = d.reward_item_id
"""


Converter = Callable[[Any], Any]


def build_conversions(
    value_type: type, **converters: Converter
) -> list[tuple[int, Converter]]:
    """Return the positions of columns that need conversion, with their converters.

    `converters` are keyed by field name.
    """
    names = [field.name for field in fields(value_type)]
    return [(names.index(name), convert) for name, convert in converters.items()]


# Only the columns whose driver type differs from the type of the field.
COUPON_CONVERSIONS = build_conversions(
    Coupon,
    generated_at=to_datetime,
    expires_at=to_datetime,
    redeemed_at=to_datetime,
    revoked_at=to_datetime,
    returned_at=to_datetime,
)
DEFINITION_CONVERSIONS = build_conversions(
    Definition,
    status=DefinitionStatus,
    code_format=CodeFormat,
    code_alphabet=CodeAlphabet,
    code_check=bool,
    case_sensitive=bool,
    claimable=bool,
    awarded_only=bool,
    starts_at=to_datetime,
    expires_at=to_datetime,
    trigger_kind=Trigger,
    trigger_enabled=bool,
    created_at=to_datetime,
    updated_at=to_datetime,
    metadata=parse_json,
    user_period=UsagePeriod,
    suspended_at=to_datetime,
    has_reservations=bool,
    hot=bool,
    has_usage_slots=bool,
    is_campaign_ended=bool,
    campaign_suspended_at=to_datetime,
)
REWARD_ITEM_CONVERSIONS = build_conversions(
    RewardItem,
    payload=parse_json,
    created_at=to_datetime,
    updated_at=to_datetime,
    metadata=parse_json,
)


def to_issued_coupon(row: Row) -> IssuedCoupon:
    """Return the value of a row of `SELECT_ISSUED_COUPONS`."""
    return IssuedCoupon(
        coupon=to_coupon(row[:_COUPON_COLUMN_COUNT]),
        definition=_to_shared_definition(row[_COUPON_COLUMN_COUNT:_REWARD_ITEM_START]),
        reward_item=_to_shared_reward_item(
            row[_REWARD_ITEM_START:_BATCH_SUSPENDED_AT_INDEX]
        ),
        batch_suspended_at=_to_optional_datetime(row[_BATCH_SUSPENDED_AT_INDEX]),
        creator_key=row[_CREATOR_KEY_INDEX] or "",
    )


def _to_optional_datetime(value: Any) -> datetime | None:
    return None if value is None else to_datetime(value)


def to_coupon(row: Row) -> Coupon:
    """Return the value of a row of `COUPON_COLUMNS`."""
    return Coupon(*convert_row(row, COUPON_CONVERSIONS))


def to_definition(row: Row) -> Definition:
    """Return the value of a row of `DEFINITION_COLUMNS`."""
    return Definition(*convert_row(row, DEFINITION_CONVERSIONS))


def to_reward_item(row: Row) -> RewardItem:
    """Return the value of a row of `REWARD_ITEM_COLUMNS`."""
    return RewardItem(*convert_row(row, REWARD_ITEM_CONVERSIONS))


# Many coupons share a definition. Equal rows yield the same value, which is immutable,
# so a changed row is never confused with its former state.
_to_shared_definition = lru_cache(MAX_SHARED_VALUES)(to_definition)
_to_shared_reward_item = lru_cache(MAX_SHARED_VALUES)(to_reward_item)


def convert_row(row: Row, conversions: Sequence[tuple[int, Converter]]) -> list[Any]:
    """Return the values of a row in the types of the fields; None stays None."""
    values = list(row)
    for position, convert in conversions:
        if values[position] is not None:
            values[position] = convert(values[position])
    return values
