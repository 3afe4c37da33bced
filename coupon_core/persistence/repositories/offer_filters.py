"""SQL conditions for filtering offered coupons by tags, price and status.

The conditions use the aliases `d` (definition) and `o` (offer). A definition that is a
package of PlayCamp never matches.
"""

from collections.abc import Iterable

from coupon_core.domain.models.filters import OfferFilter
from coupon_core.persistence.row_mapping import IS_CAMPAIGN_ENDED_EXPRESSION

TAG_SUBQUERY = """
    SELECT 1 FROM mambo_tag t WHERE t.tenant_id = :tenant_id
    AND t.definition_id = d.definition_id
"""


IS_NO_PACKAGE = """NOT EXISTS (
    SELECT 1 FROM package p WHERE p.tenant_id = :tenant_id
    AND p.definition_id = d.definition_id
)"""


def build_offer_conditions(filters: OfferFilter) -> tuple[str, dict[str, str]]:
    """Return the SQL conditions of the filters, and the parameters of the tags."""
    parameters = {
        _to_parameter_name(index): tag
        for index, tag in enumerate(_collect_tags(filters))
    }
    names = {tag: f":{name}" for name, tag in parameters.items()}
    parts = [IS_NO_PACKAGE]
    parts += [_build_tag_condition([names[tag]]) for tag in filters.all_of]
    if filters.any_of:
        parts.append(_build_tag_condition(names[tag] for tag in filters.any_of))
    if filters.visible_to is not None:
        visible = _build_tag_condition(names[tag] for tag in filters.visible_to)
        parts.append(f"(NOT EXISTS ({TAG_SUBQUERY}) OR {visible})")
    if filters.buyable is not None:
        is_sold = "COALESCE(o.points, 0) > 0"
        parts.append(is_sold if filters.buyable else f"NOT {is_sold}")
    if filters.only_active:
        parts.append(f"d.status = 'active' AND NOT {IS_CAMPAIGN_ENDED_EXPRESSION}")
    return "".join(f" AND {part}" for part in parts), parameters


def _collect_tags(filters: OfferFilter) -> list[str]:
    tags = (*filters.any_of, *filters.all_of, *(filters.visible_to or ()))
    return list(dict.fromkeys(tags))


def _to_parameter_name(number: int) -> str:
    return "tag_" + "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _build_tag_condition(names: Iterable[str]) -> str:
    tag_list = ", ".join(names)
    return f"EXISTS ({TAG_SUBQUERY} AND t.tag IN ({tag_list}))" if tag_list else "1 = 0"
