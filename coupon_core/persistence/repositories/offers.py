"""The terms of definitions' coupons, and how Mambo shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any

from coupon_core.domain.models import Definition, Page, RewardItem
from coupon_core.domain.models.filters import OfferFilter
from coupon_core.domain.models.offers import (
    BuyMode,
    MamboCoupon,
    Offer,
    OfferedCoupon,
    Period,
    Usage,
)
from coupon_core.domain.rules.redemption import is_single_use
from coupon_core.persistence.database import execute
from coupon_core.persistence.row_mapping import (
    DEFINITION_COLUMNS,
    DEFINITION_END,
    REWARD_ITEM_COLUMNS,
    definition_of,
    reward_item_of,
)
from coupon_core.persistence.tables import (
    Coupon,
    MamboTag,
    as_json,
    as_time,
)
from coupon_core.persistence.tables import MamboCoupon as ShownTable
from coupon_core.persistence.tables import Offer as Table

OFFER_COLUMNS = ", ".join(f"o.{field.name}" for field in fields(Offer))
SHOWN_COLUMNS = ", ".join(f"m.{field.name}" for field in fields(MamboCoupon))
REWARD_END = DEFINITION_END + len(REWARD_ITEM_COLUMNS.split(","))
OFFER_END = REWARD_END + len(fields(Offer))
FROM = """
    FROM definition d
    JOIN reward_item r ON r.tenant_id = d.tenant_id AND r.item_id = d.reward_item_id
    LEFT JOIN offer o
    ON o.tenant_id = d.tenant_id AND o.definition_id = d.definition_id
    LEFT JOIN mambo_coupon m
    ON m.tenant_id = d.tenant_id AND m.definition_id = d.definition_id
    WHERE d.tenant_id = :tenant_id AND m.deleted_at IS NULL
"""
OFFERED = f"""
    SELECT {DEFINITION_COLUMNS}, {REWARD_ITEM_COLUMNS}, {OFFER_COLUMNS},
        {SHOWN_COLUMNS} {FROM}
"""
TAG = """
    SELECT 1 FROM mambo_tag t WHERE t.tenant_id = d.tenant_id
    AND t.definition_id = d.definition_id
"""


def get(tenant_id: str, definition_id: str) -> Offer | None:
    """The terms of a definition, when any were said."""
    here = (Table.tenant_id == tenant_id) & (Table.definition_id == definition_id)
    row = Table.select().where(here).tuples().first()
    return _offer_of(row) if row else None


def put(offer: Offer) -> None:
    """Say the terms of a definition, in place of what was said before.

    The caller's transaction holds the definition.
    """
    here = Table.tenant_id == offer.tenant_id
    Table.delete().where(here, Table.definition_id == offer.definition_id).execute()
    Table.insert(asdict(offer)).execute()


def show(shown: MamboCoupon) -> None:
    """Say how Mambo shows a definition, in place of what was said before."""
    ids = shown.tenant_id, shown.definition_id
    for table in (ShownTable, MamboTag):
        here = (table.tenant_id == ids[0]) & (table.definition_id == ids[1])
        table.delete().where(here).execute()
    ShownTable.insert(asdict(shown)).execute()
    for tag in dict.fromkeys(shown.tags):
        MamboTag.insert(tenant_id=ids[0], tag=tag, definition_id=ids[1]).execute()


def listed_codes(definition: Definition) -> list[str]:
    """The codes that were listed for a definition, in their order."""
    here = Coupon.tenant_id == definition.tenant_id
    mine = Coupon.definition_id == definition.definition_id
    query = Coupon.select(Coupon.code).where(here, mine).order_by(Coupon.coupon_id)
    return [code for (code,) in query.tuples()]


def is_deleted(tenant_id: str, definition_id: str) -> bool:
    """True when the definition was deleted in Mambo, where it then never was."""
    table = ShownTable
    here = (table.tenant_id == tenant_id) & (table.definition_id == definition_id)
    query = table.select().where(here, table.deleted_at.is_null(False))
    return bool(query.exists())


def find(tenant_id: str, definition_id: str) -> OfferedCoupon | None:
    """A definition as Mambo sees it, unless deleted there."""
    parameters = {"tenant_id": tenant_id, "definition_id": definition_id}
    sql = f"{OFFERED} AND d.definition_id = :definition_id"
    row = execute(sql, parameters).fetchone()
    return _offered_of(row) if row else None


def by_id(tenant_id: str, definition_ids: Iterable[str]) -> dict[str, OfferedCoupon]:
    """Some definitions as Mambo sees them, by id; those deleted there are left out."""
    found = (find(tenant_id, one) for one in definition_ids)
    return {one.definition.definition_id: one for one in found if one}


def listed(tenant_id: str, which: OfferFilter, page: Page) -> list[OfferedCoupon]:
    """The chosen definitions as Mambo sees them, newest first."""
    chosen, parameters = _chosen(which)
    sql = f"""{OFFERED} {chosen} ORDER BY d.definition_id DESC
        LIMIT :limit OFFSET :offset"""
    slice_ = {"tenant_id": tenant_id, "limit": page.limit, "offset": page.offset}
    return [
        _offered_of(row) for row in execute(sql, {**parameters, **slice_}).fetchall()
    ]


def _chosen(which: OfferFilter) -> tuple[str, dict[str, str]]:
    """The conditions of a list, and their parameters."""
    named = {_name(n): tag for n, tag in enumerate(_tags(which))}
    names = {tag: f":{name}" for name, tag in named.items()}
    parts = [_has_any(names[tag] for tag in (one,)) for one in which.all_of]
    if which.any_of:
        parts.append(_has_any(names[tag] for tag in which.any_of))
    if which.visible_to is not None:
        own = _has_any(names[tag] for tag in which.visible_to)
        parts.append(f"(NOT EXISTS ({TAG}) OR {own})")
    if which.buyable is not None:
        sold = "COALESCE(o.points, 0) > 0"
        parts.append(sold if which.buyable else f"NOT {sold}")
    if which.only_active:
        parts.append("d.status = 'active'")
    return "".join(f" AND {part}" for part in parts), named


def _tags(which: OfferFilter) -> list[str]:
    wanted = (*which.any_of, *which.all_of, *(which.visible_to or ()))
    return list(dict.fromkeys(wanted))


def _name(number: int) -> str:
    return "tag_" + "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _has_any(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f"EXISTS ({TAG} AND t.tag IN ({listed}))" if listed else "1 = 0"


def _offered_of(row: Sequence[Any]) -> OfferedCoupon:
    definition = definition_of(row[:DEFINITION_END])
    ids = definition.tenant_id, definition.definition_id
    offer, shown = row[REWARD_END:OFFER_END], row[OFFER_END:]
    reward = reward_item_of(row[DEFINITION_END:REWARD_END])
    return OfferedCoupon(
        definition,
        reward,
        _offer_of(offer) if offer[0] else unsaid_offer(definition),
        _shown_of(shown) if shown[0] else _unsaid_shown(*ids, reward),
    )


def unsaid_offer(definition: Definition) -> Offer:
    """The terms of a definition of which nothing was said: not for sale."""
    usage = Usage.SINGLE if is_single_use(definition) else Usage.MULTI
    return Offer(definition.tenant_id, definition.definition_id, usage=usage)


def _offer_of(row: Sequence[Any]) -> Offer:
    *ids, point_id, points, mode, usage, refundable, period_type, value = row
    terms = int(points), BuyMode(mode), Usage(usage), bool(refundable)
    return Offer(*[*ids, point_id, *terms, Period(period_type), value])


def _unsaid_shown(
    tenant_id: str, definition_id: str, reward: RewardItem
) -> MamboCoupon:
    ids = tenant_id, definition_id
    return MamboCoupon(*ids, "custom", None, reward.name, "", [], [])


def _shown_of(row: Sequence[Any]) -> MamboCoupon:
    *ids, coupon_type, amount, custom, help_message, tags, translations, at = row
    texts = coupon_type, as_json(amount), custom, help_message
    lists = as_json(tags), as_json(translations)
    return MamboCoupon(*[*ids, *texts, *lists, as_time(at) if at else None])
