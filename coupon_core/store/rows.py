"""How a row becomes a value: the column lists of raw SQL, in the order of the fields."""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from coupon_core.model import (
    CodeAlphabet,
    CodeFormat,
    Coupon,
    Definition,
    DefinitionStatus,
    IssuedCoupon,
    RewardItem,
    Trigger,
)
from coupon_core.tables import as_time

Row = Sequence[Any]


def _columns(value_type: type, alias: str) -> str:
    return ", ".join(f"{alias}.{field.name}" for field in fields(value_type))


COUPON_COLUMNS = _columns(Coupon, "c")
DEFINITION_COLUMNS = _columns(Definition, "d")
REWARD_ITEM_COLUMNS = _columns(RewardItem, "r")
_COUPON_END = len(fields(Coupon))
_DEFINITION_END = _COUPON_END + len(fields(Definition))

ISSUED = f"""
    SELECT {COUPON_COLUMNS}, {DEFINITION_COLUMNS}, {REWARD_ITEM_COLUMNS}
    FROM coupon c
    JOIN definition d ON d.tenant_id = c.tenant_id AND d.definition_id = c.definition_id
    JOIN reward_item r ON r.tenant_id = d.tenant_id AND r.item_id = d.reward_item_id
"""  # noqa: S608 - made of column names only


def issued_of(row: Row) -> IssuedCoupon:
    """The value of a row of `ISSUED`."""
    return IssuedCoupon(
        coupon_of(row[:_COUPON_END]),
        definition_of(row[_COUPON_END:_DEFINITION_END]),
        reward_item_of(row[_DEFINITION_END:]),
    )


def coupon_of(row: Row) -> Coupon:
    """The value of a row of `COUPON_COLUMNS`."""
    generated_at = as_time(row[5])
    assert generated_at is not None
    return Coupon(
        *row[:5],
        generated_at,
        as_time(row[6]),
        as_time(row[7]),
        row[8],
        as_time(row[9]),
    )


def definition_of(row: Row) -> Definition:
    """The value of a row of `DEFINITION_COLUMNS`."""
    head, middle, tail = row[:4], row[8:11], row[15:18]
    return Definition(
        *head,
        DefinitionStatus(row[4]),
        row[5],
        CodeFormat(row[6]),
        CodeAlphabet(row[7]),
        *middle,
        bool(row[11]),
        bool(row[12]),
        as_time(row[13]),
        as_time(row[14]),
        *tail,
        Trigger(row[18]) if row[18] else None,
        bool(row[19]),
        *row[20:22],
        as_time(row[22]),
        as_time(row[23]),
    )


def reward_item_of(row: Row) -> RewardItem:
    """The value of a row of `REWARD_ITEM_COLUMNS`."""
    payload = row[5] if isinstance(row[5], dict) else json.loads(row[5])
    return RewardItem(*row[:5], payload, as_time(row[6]), as_time(row[7]))
