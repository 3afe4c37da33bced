"""The terms of definitions' coupons, and how Mambo shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any

from coupon_core.domain.models import Definition, Page, RewardItem
from coupon_core.domain.models.filters import OfferFilter
from coupon_core.domain.models.offers import (
    MamboCoupon,
    Offer,
    OfferedCoupon,
    PurchaseMode,
    UsageMode,
    ValidityUnit,
)
from coupon_core.domain.rules.redemption import is_single_use
from coupon_core.persistence.database import execute
from coupon_core.persistence.row_mapping import (
    DEFINITION_COLUMN_COUNT,
    DEFINITION_COLUMNS,
    REWARD_ITEM_COLUMNS,
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

OFFER_COLUMNS = ", ".join(f"o.{field.name}" for field in fields(Offer))
MAMBO_COUPON_COLUMNS = ", ".join(f"m.{field.name}" for field in fields(MamboCoupon))
REWARD_END = DEFINITION_COLUMN_COUNT + len(REWARD_ITEM_COLUMNS.split(","))
OFFER_END = REWARD_END + len(fields(Offer))
FROM_DEFINITIONS = """
    FROM definition d
    JOIN reward_item r ON r.tenant_id = d.tenant_id AND r.item_id = d.reward_item_id
    LEFT JOIN offer o
    ON o.tenant_id = d.tenant_id AND o.definition_id = d.definition_id
    LEFT JOIN mambo_coupon m
    ON m.tenant_id = d.tenant_id AND m.definition_id = d.definition_id
    WHERE d.tenant_id = :tenant_id AND m.deleted_at IS NULL
"""
SELECT_OFFERED_COUPONS = f"""
    SELECT {DEFINITION_COLUMNS}, {REWARD_ITEM_COLUMNS}, {OFFER_COLUMNS},
        {MAMBO_COUPON_COLUMNS} {FROM_DEFINITIONS}
"""
TAG_SUBQUERY = """
    SELECT 1 FROM mambo_tag t WHERE t.tenant_id = d.tenant_id
    AND t.definition_id = d.definition_id
"""


def get(tenant_id: str, definition_id: str) -> Offer | None:
    """The terms of a definition, when any were said."""
    here = (OfferTable.tenant_id == tenant_id) & (
        OfferTable.definition_id == definition_id
    )
    row = OfferTable.select().where(here).tuples().first()
    return _to_offer(row) if row else None


def put(offer: Offer) -> None:
    """Say the terms of a definition, in place of what was said before.

    The caller's transaction holds the definition.
    """
    here = OfferTable.tenant_id == offer.tenant_id
    OfferTable.delete().where(
        here, OfferTable.definition_id == offer.definition_id
    ).execute()
    OfferTable.insert(asdict(offer)).execute()


def put_mambo_coupon(mambo_coupon: MamboCoupon) -> None:
    """Say how Mambo shows a definition, in place of what was said before."""
    ids = mambo_coupon.tenant_id, mambo_coupon.definition_id
    for table in (MamboCouponTable, MamboTagTable):
        here = (table.tenant_id == ids[0]) & (table.definition_id == ids[1])
        table.delete().where(here).execute()
    MamboCouponTable.insert(asdict(mambo_coupon)).execute()
    for tag in dict.fromkeys(mambo_coupon.tags):
        MamboTagTable.insert(tenant_id=ids[0], tag=tag, definition_id=ids[1]).execute()


def list_codes(definition: Definition) -> list[str]:
    """The codes that were listed for a definition, in their order."""
    here = CouponTable.tenant_id == definition.tenant_id
    mine = CouponTable.definition_id == definition.definition_id
    query = (
        CouponTable.select(CouponTable.code)
        .where(here, mine)
        .order_by(CouponTable.coupon_id)
    )
    return [code for (code,) in query.tuples()]


def is_deleted(tenant_id: str, definition_id: str) -> bool:
    """True when the definition was deleted in Mambo, where it then never was."""
    table = MamboCouponTable
    here = (table.tenant_id == tenant_id) & (table.definition_id == definition_id)
    query = table.select().where(here, table.deleted_at.is_null(False))
    return bool(query.exists())


def find(tenant_id: str, definition_id: str) -> OfferedCoupon | None:
    """A definition as Mambo sees it, unless deleted there."""
    parameters = {"tenant_id": tenant_id, "definition_id": definition_id}
    sql = f"{SELECT_OFFERED_COUPONS} AND d.definition_id = :definition_id"
    row = execute(sql, parameters).fetchone()
    return _to_offered_coupon(row) if row else None


def find_by_ids(
    tenant_id: str, definition_ids: Iterable[str]
) -> dict[str, OfferedCoupon]:
    """Some definitions as Mambo sees them, by id; those deleted there are left out."""
    found = (find(tenant_id, one) for one in definition_ids)
    return {one.definition.definition_id: one for one in found if one}


def list_offered_coupons(
    tenant_id: str, filters: OfferFilter, page: Page
) -> list[OfferedCoupon]:
    """The chosen definitions as Mambo sees them, newest first."""
    conditions, parameters = _build_conditions(filters)
    sql = f"""{SELECT_OFFERED_COUPONS} {conditions} ORDER BY d.definition_id DESC
        LIMIT :limit OFFSET :offset"""
    slice_ = {"tenant_id": tenant_id, "limit": page.limit, "offset": page.offset}
    return [
        _to_offered_coupon(row)
        for row in execute(sql, {**parameters, **slice_}).fetchall()
    ]


def _build_conditions(filters: OfferFilter) -> tuple[str, dict[str, str]]:
    """The conditions of a list, and their parameters."""
    parameters = {
        _to_parameter_name(n): tag for n, tag in enumerate(_collect_tags(filters))
    }
    names = {tag: f":{name}" for name, tag in parameters.items()}
    parts = [
        _build_tag_condition(names[tag] for tag in (one,)) for one in filters.all_of
    ]
    if filters.any_of:
        parts.append(_build_tag_condition(names[tag] for tag in filters.any_of))
    if filters.visible_to is not None:
        visible = _build_tag_condition(names[tag] for tag in filters.visible_to)
        parts.append(f"(NOT EXISTS ({TAG_SUBQUERY}) OR {visible})")
    if filters.buyable is not None:
        is_sold = "COALESCE(o.points, 0) > 0"
        parts.append(is_sold if filters.buyable else f"NOT {is_sold}")
    if filters.only_active:
        parts.append("d.status = 'active'")
    return "".join(f" AND {part}" for part in parts), parameters


def _collect_tags(filters: OfferFilter) -> list[str]:
    wanted = (*filters.any_of, *filters.all_of, *(filters.visible_to or ()))
    return list(dict.fromkeys(wanted))


def _to_parameter_name(number: int) -> str:
    return "tag_" + "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _build_tag_condition(names: Iterable[str]) -> str:
    tag_list = ", ".join(names)
    return f"EXISTS ({TAG_SUBQUERY} AND t.tag IN ({tag_list}))" if tag_list else "1 = 0"


def _to_offered_coupon(row: Sequence[Any]) -> OfferedCoupon:
    definition = to_definition(row[:DEFINITION_COLUMN_COUNT])
    ids = definition.tenant_id, definition.definition_id
    offer, shown = row[REWARD_END:OFFER_END], row[OFFER_END:]
    reward = to_reward_item(row[DEFINITION_COLUMN_COUNT:REWARD_END])
    return OfferedCoupon(
        definition,
        reward,
        _to_offer(offer) if offer[0] else create_default_offer(definition),
        _to_mambo_coupon(shown)
        if shown[0]
        else _create_default_mambo_coupon(*ids, reward),
    )


def create_default_offer(definition: Definition) -> Offer:
    """The terms of a definition of which nothing was said: not for sale."""
    usage = UsageMode.SINGLE if is_single_use(definition) else UsageMode.MULTI
    return Offer(definition.tenant_id, definition.definition_id, usage=usage)


def _to_offer(row: Sequence[Any]) -> Offer:
    *ids, point_id, points, mode, usage, refundable, period_type, value = row
    terms = int(points), PurchaseMode(mode), UsageMode(usage), bool(refundable)
    return Offer(*[*ids, point_id, *terms, ValidityUnit(period_type), value])


def _create_default_mambo_coupon(
    tenant_id: str, definition_id: str, reward: RewardItem
) -> MamboCoupon:
    ids = tenant_id, definition_id
    return MamboCoupon(*ids, "custom", None, reward.name, "", [], [])


def _to_mambo_coupon(row: Sequence[Any]) -> MamboCoupon:
    *ids, coupon_type, amount, custom, help_message, tags, translations, at = row
    texts = coupon_type, parse_json(amount), custom, help_message
    lists = parse_json(tags), parse_json(translations)
    return MamboCoupon(*[*ids, *texts, *lists, to_datetime(at) if at else None])
