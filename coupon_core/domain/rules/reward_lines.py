"""Convert between payloads of reward items and PlayCamp's reward lines.

Nothing else in the core knows what the members of a reward line are called.

See docs/api-contracts.md 3.2 and 3.4.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from coupon_core.domain.models.packages import RewardLine

# Members of a reward payload that name the granted item and its quantity.
ITEM_ID_MEMBERS = ("item_id", "currency_id", "badge_id")
QUANTITY_MEMBERS = ("quantity", "amount")
DEFAULT_QUANTITY = 1


def to_reward_lines(
    name: str, reward_type: str, payload: Mapping[str, Any]
) -> Sequence[RewardLine]:
    """Return the reward lines of an item that does not belong to a package.

    There is at least one line, whatever the payload is. A payload with `items` grants
    several things; entries that are not objects are left out.
    """
    items = payload.get("items")
    entries = items if isinstance(items, list) else []
    lines = [
        _to_reward_line(entry, reward_type)
        for entry in entries
        if isinstance(entry, dict)
    ]
    if lines:
        return lines
    return [{**_to_reward_line(payload, reward_type), "itemName": {"en": name}}]


def _to_reward_line(payload: Mapping[str, Any], reward_type: str) -> RewardLine:
    item_ids = (_to_item_id(payload.get(member)) for member in ITEM_ID_MEMBERS)
    quantities = (_to_quantity(payload.get(member)) for member in QUANTITY_MEMBERS)
    return {
        "itemId": next(filter(None, item_ids), reward_type),
        "itemQuantity": next(
            (quantity for quantity in quantities if quantity is not None),
            DEFAULT_QUANTITY,
        ),
    }


def to_payload(line: RewardLine) -> Mapping[str, Any]:
    """Return the payload of a reward item that grants what the line grants."""
    return {"item_id": line["itemId"], "quantity": line["itemQuantity"]}


def _to_item_id(value: Any) -> str:
    """Return an ID as text, or "" if the value is not an ID."""
    is_identifier = isinstance(value, str) or type(value) is int
    return str(value) if is_identifier else ""


def _to_quantity(value: Any) -> int | None:
    """Return a whole number, also of `100.0`; SDKs cannot read other quantities."""
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if type(value) is int or is_whole else None
