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
from coupon_core.persistence.tables import as_json, as_time

Row = Sequence[Any]


def columns(value_type: type, alias: str) -> str:
    """The columns of a table that has those of a value, in the order of its fields."""
    return ", ".join(f"{alias}.{field.name}" for field in fields(value_type))


COMPARES = "(c.code = :code OR NOT d.case_sensitive)"
# A creator's code is revoked for all who hold it, by one row.
REVOKED_AT = """COALESCE(c.revoked_at, CASE WHEN d.code_format = 'shared' THEN
    (SELECT s.revoked_at FROM shared_code s WHERE s.tenant_id = c.tenant_id
    AND s.code_key = c.code_key AND s.definition_id = c.definition_id) END)"""
COUPON_COLUMNS = columns(Coupon, "c").replace("c.revoked_at", REVOKED_AT)
DEFINITION_COLUMNS = columns(Definition, "d")
REWARD_ITEM_COLUMNS = columns(RewardItem, "r")
_COUPON_END = len(fields(Coupon))
DEFINITION_END = len(fields(Definition))
_DEFINITION_END = _COUPON_END + DEFINITION_END

ISSUED = f"""
    SELECT {COUPON_COLUMNS}, {DEFINITION_COLUMNS}, {REWARD_ITEM_COLUMNS}
    FROM coupon c
    JOIN definition d ON d.tenant_id = c.tenant_id AND d.definition_id = c.definition_id
    JOIN reward_item r ON r.tenant_id = d.tenant_id AND r.item_id = d.reward_item_id
"""


Convert = Callable[[Any], Any]


def conversions(value_type: type, **by_field: Convert) -> list[tuple[int, Convert]]:
    """Where in a row is what a driver gives in another type, and how to convert it."""
    names = [field.name for field in fields(value_type)]
    return [(names.index(name), convert) for name, convert in by_field.items()]


# What the drivers give in another type than the value has; most of it they do not.
COUPON_CONVERSIONS = conversions(
    Coupon,
    generated_at=as_time,
    expires_at=as_time,
    redeemed_at=as_time,
    revoked_at=as_time,
    returned_at=as_time,
)
DEFINITION_CONVERSIONS = conversions(
    Definition,
    status=DefinitionStatus,
    code_format=CodeFormat,
    code_alphabet=CodeAlphabet,
    code_check=bool,
    case_sensitive=bool,
    claimable=bool,
    awarded_only=bool,
    starts_at=as_time,
    expires_at=as_time,
    trigger_kind=Trigger,
    trigger_enabled=bool,
    created_at=as_time,
    updated_at=as_time,
)
REWARD_ITEM_CONVERSIONS = conversions(
    RewardItem, payload=as_json, created_at=as_time, updated_at=as_time
)


def issued_of(row: Row) -> IssuedCoupon:
    """The value of a row of `ISSUED`."""
    return IssuedCoupon(
        coupon_of(row[:_COUPON_END]),
        definition_of(row[_COUPON_END:_DEFINITION_END]),
        reward_item_of(row[_DEFINITION_END:]),
    )


def coupon_of(row: Row) -> Coupon:
    """The value of a row of `COUPON_COLUMNS`."""
    return Coupon(*converted(row, COUPON_CONVERSIONS))


def definition_of(row: Row) -> Definition:
    """The value of a row of `DEFINITION_COLUMNS`."""
    return Definition(*converted(row, DEFINITION_CONVERSIONS))


def reward_item_of(row: Row) -> RewardItem:
    """The value of a row of `REWARD_ITEM_COLUMNS`."""
    return RewardItem(*converted(row, REWARD_ITEM_CONVERSIONS))


def converted(row: Row, conversions: Sequence[tuple[int, Convert]]) -> list[Any]:
    """The values of a row in the types that the fields have."""
    values = list(row)
    for position, convert in conversions:
        if values[position] is not None:
            values[position] = convert(values[position])
    return values
