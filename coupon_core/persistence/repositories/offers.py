"""The offers of definitions, and their presentation in the Mambo API."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Definition, Page, RewardItem
from coupon_core.domain.models.filters import OfferFilter
from coupon_core.domain.models.offers import (
    Offer,
    OfferDisplay,
    OfferedCoupon,
    PurchaseMode,
    UsageMode,
    ValidityUnit,
)
from coupon_core.domain.rules.redemption import is_single_use
from coupon_core.persistence.database import execute
from coupon_core.persistence.repositories.offer_filters import build_offer_conditions
from coupon_core.persistence.row_mapping import (
    DEFINITION_COLUMN_COUNT,
    DEFINITION_COLUMNS,
    REWARD_ITEM_COLUMNS,
    build_conversions,
    convert_row,
    format_columns,
    to_definition,
    to_reward_item,
)
from coupon_core.persistence.tables import (
    CouponTable,
    MamboCouponTable,
    MamboTagTable,
    OfferTable,
    parse_json,
    to_datetime,
)

OFFER_COLUMNS = format_columns(Offer, "o")
DISPLAY_COLUMNS = format_columns(OfferDisplay, "m")
OFFER_CONVERSIONS = build_conversions(
    Offer,
    points=int,
    mode=PurchaseMode,
    usage=UsageMode,
    refundable=bool,
    period_type=ValidityUnit,
)
DISPLAY_CONVERSIONS = build_conversions(
    OfferDisplay,
    amount=parse_json,
    tags=parse_json,
    translations=parse_json,
    deleted_at=to_datetime,
)
REWARD_END = DEFINITION_COLUMN_COUNT + len(REWARD_ITEM_COLUMNS.split(","))
OFFER_END = REWARD_END + len(fields(Offer))
OFFERED_COUPON_COLUMNS = (
    f"{DEFINITION_COLUMNS}, {REWARD_ITEM_COLUMNS}, {OFFER_COLUMNS}, {DISPLAY_COLUMNS}"
)
JOIN_OFFERS = """
    JOIN reward_item r ON r.tenant_id = :tenant_id AND r.item_id = d.reward_item_id
    LEFT JOIN offer o
    ON o.tenant_id = :tenant_id AND o.definition_id = d.definition_id
    LEFT JOIN mambo_coupon m
    ON m.tenant_id = :tenant_id AND m.definition_id = d.definition_id
"""
SELECT_OFFERED_COUPONS = f"""
    SELECT {OFFERED_COUPON_COLUMNS} FROM definition d {JOIN_OFFERS}
    WHERE d.tenant_id = :tenant_id AND m.deleted_at IS NULL
"""


def get(tenant_id: str, definition_id: str) -> Offer | None:
    """Return the offer of a definition, or None."""
    key_condition = OfferTable.match_key(tenant_id, definition_id)
    row = OfferTable.select().where(key_condition).tuples().first()
    return _to_offer(row) if row else None


def put(offer: Offer) -> None:
    """Store the offer of a definition, and replace an earlier one.

    The transaction of the caller must hold the lock of the definition.
    """
    key_condition = OfferTable.match_key(offer.tenant_id, offer.definition_id)
    OfferTable.delete().where(key_condition).execute()
    OfferTable.insert(asdict(offer)).execute()


def put_display(display: OfferDisplay) -> None:
    """Store the Mambo presentation of a definition, and replace an earlier one."""
    tenant_id, definition_id = display.tenant_id, display.definition_id
    for table in (MamboCouponTable, MamboTagTable):
        table.delete().where(
            table.tenant_id == tenant_id, table.definition_id == definition_id
        ).execute()
    MamboCouponTable.insert(asdict(display)).execute()
    tags = [(tenant_id, tag, definition_id) for tag in set(display.tags)]
    if tags:
        columns = (
            MamboTagTable.tenant_id,
            MamboTagTable.tag,
            MamboTagTable.definition_id,
        )
        MamboTagTable.insert_many(tags, columns).execute()


def mark_deleted(tenant_id: str, definition_ids: Sequence[str], now: datetime) -> int:
    """Hide definitions in the Mambo API; return how many were shown there until now."""
    query = MamboCouponTable.update(deleted_at=now).where(
        MamboCouponTable.tenant_id == tenant_id,
        MamboCouponTable.definition_id.in_(definition_ids),
        MamboCouponTable.deleted_at.is_null(),
    )
    return int(query.execute())


def list_codes(definition: Definition) -> list[str]:
    """Return the listed codes of a definition in order."""
    query = CouponTable.select(CouponTable.code).where(
        CouponTable.tenant_id == definition.tenant_id,
        CouponTable.definition_id == definition.definition_id,
    )
    return [code for (code,) in query.order_by(CouponTable.coupon_id).tuples()]


def is_deleted(tenant_id: str, definition_id: str) -> bool:
    """Return True if a definition was deleted in the Mambo API.

    That API then treats it as if it had never existed.
    """
    query = MamboCouponTable.select().where(
        MamboCouponTable.match_key(tenant_id, definition_id),
        MamboCouponTable.deleted_at.is_null(False),
    )
    return bool(query.exists())


def find(tenant_id: str, definition_id: str) -> OfferedCoupon | None:
    """Return a definition as the Mambo API sees it, or None if deleted there."""
    parameters = {"tenant_id": tenant_id, "definition_id": definition_id}
    sql = f"{SELECT_OFFERED_COUPONS} AND d.definition_id = :definition_id"
    row = execute(sql, parameters).fetchone()
    return to_offered_coupon(row) if row else None


def list_offered_coupons(
    tenant_id: str, filters: OfferFilter, page: Page
) -> list[OfferedCoupon]:
    """Return the matching definitions as the Mambo API sees them, newest first."""
    conditions, tag_parameters = build_offer_conditions(filters)
    sql = f"""{SELECT_OFFERED_COUPONS} {conditions} ORDER BY d.definition_id DESC
        LIMIT :limit OFFSET :offset"""
    parameters = {
        **tag_parameters,
        "tenant_id": tenant_id,
        "limit": page.limit,
        "offset": page.offset,
    }
    return [to_offered_coupon(row) for row in execute(sql, parameters).fetchall()]


def to_offered_coupon(row: Sequence[Any]) -> OfferedCoupon:
    """Return the value of a row of `OFFERED_COUPON_COLUMNS`."""
    definition = to_definition(row[:DEFINITION_COLUMN_COUNT])
    reward_item = to_reward_item(row[DEFINITION_COLUMN_COUNT:REWARD_END])
    offer_row, display_row = row[REWARD_END:OFFER_END], row[OFFER_END:]
    return OfferedCoupon(
        definition,
        reward_item,
        offer=_to_offer(offer_row)
        if offer_row[0]
        else create_default_offer(definition),
        display=_to_display(display_row)
        if display_row[0]
        else _create_default_display(definition, reward_item),
    )


def create_default_offer(definition: Definition) -> Offer:
    """Return the offer of a definition without a stored one: not for sale."""
    usage = UsageMode.SINGLE if is_single_use(definition) else UsageMode.MULTI
    return Offer(definition.tenant_id, definition.definition_id, usage=usage)


def _to_offer(row: Sequence[Any]) -> Offer:
    return Offer(*convert_row(row, OFFER_CONVERSIONS))


def _create_default_display(
    definition: Definition, reward_item: RewardItem
) -> OfferDisplay:
    return OfferDisplay(
        definition.tenant_id,
        definition.definition_id,
        coupon_type="custom",
        amount=None,
        custom=reward_item.name,
        help_message="",
        tags=[],
        translations=[],
    )


def _to_display(row: Sequence[Any]) -> OfferDisplay:
    return OfferDisplay(*convert_row(row, DISPLAY_CONVERSIONS))
