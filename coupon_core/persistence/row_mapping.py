"""How a row becomes a value: columns of raw SQL, in the order of the fields."""

from collections.abc import Callable, Sequence
from dataclasses import fields
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
)
from coupon_core.persistence.tables import parse_json, to_datetime

Row = Sequence[Any]


def format_columns(value_type: type, alias: str) -> str:
    """The columns of a table that has those of a value, in the order of its fields."""
    return ", ".join(f"{alias}.{field.name}" for field in fields(value_type))


CODE_MATCHES = "(c.code = :code OR NOT d.case_sensitive)"
# A creator's code is revoked for all who hold it, by one row.
REVOKED_AT_EXPRESSION = """COALESCE(c.revoked_at,
    CASE WHEN d.code_format = 'shared' THEN (SELECT s.revoked_at FROM shared_code s
    WHERE s.tenant_id = c.tenant_id AND s.code_key = c.code_key
    AND s.definition_id = c.definition_id) END)"""
COUPON_COLUMNS = format_columns(Coupon, "c").replace(
    "c.revoked_at", REVOKED_AT_EXPRESSION
)
DEFINITION_COLUMNS = format_columns(Definition, "d")
REWARD_ITEM_COLUMNS = format_columns(RewardItem, "r")
_COUPON_COLUMN_COUNT = len(fields(Coupon))
DEFINITION_COLUMN_COUNT = len(fields(Definition))
_REWARD_ITEM_START = _COUPON_COLUMN_COUNT + DEFINITION_COLUMN_COUNT

SELECT_ISSUED_COUPONS = f"""
    SELECT {COUPON_COLUMNS}, {DEFINITION_COLUMNS}, {REWARD_ITEM_COLUMNS}
    FROM coupon c
    JOIN definition d ON d.tenant_id = c.tenant_id AND d.definition_id = c.definition_id
    JOIN reward_item r ON r.tenant_id = d.tenant_id AND r.item_id = d.reward_item_id
"""


Converter = Callable[[Any], Any]


def build_conversions(
    value_type: type, **converters: Converter
) -> list[tuple[int, Converter]]:
    """Where in a row is what a driver gives in another type, and how to convert it."""
    names = [field.name for field in fields(value_type)]
    return [(names.index(name), convert) for name, convert in converters.items()]


# What the drivers give in another type than the value has; most of it they do not.
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
)
REWARD_ITEM_CONVERSIONS = build_conversions(
    RewardItem, payload=parse_json, created_at=to_datetime, updated_at=to_datetime
)


def to_issued_coupon(row: Row) -> IssuedCoupon:
    """The value of a row of `SELECT_ISSUED_COUPONS`."""
    return IssuedCoupon(
        coupon=to_coupon(row[:_COUPON_COLUMN_COUNT]),
        definition=to_definition(row[_COUPON_COLUMN_COUNT:_REWARD_ITEM_START]),
        reward_item=to_reward_item(row[_REWARD_ITEM_START:]),
    )


def to_coupon(row: Row) -> Coupon:
    """The value of a row of `COUPON_COLUMNS`."""
    return Coupon(*convert_row(row, COUPON_CONVERSIONS))


def to_definition(row: Row) -> Definition:
    """The value of a row of `DEFINITION_COLUMNS`."""
    return Definition(*convert_row(row, DEFINITION_CONVERSIONS))


def to_reward_item(row: Row) -> RewardItem:
    """The value of a row of `REWARD_ITEM_COLUMNS`."""
    return RewardItem(*convert_row(row, REWARD_ITEM_CONVERSIONS))


def convert_row(row: Row, conversions: Sequence[tuple[int, Converter]]) -> list[Any]:
    """The values of a row in the types that the fields have."""
    values = list(row)
    for position, convert in conversions:
        if values[position] is not None:
            values[position] = convert(values[position])
    return values
