"""What the demo tenant sells for points, and the line that buys it (Mambo)."""

import json
import shlex
from datetime import datetime
from typing import Any

from admin_gateway.cli.demo.phoenix_definitions import PLAYER, TENANT
from coupon_core.domain.models import CodeFormat, Page, Refused
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.domain.models.offers import BuyMode, Usage
from coupon_core.domain.models.points import PointChange
from coupon_core.domain.models.purchases import Action
from coupon_core.security import authentication
from coupon_core.services.access import client_keys
from coupon_core.services.points import offers, users, wallets
from coupon_core.services.points.offers import Wanted

NAME = "Free Shipping"
CODE = "SHIP1"
POINT, PRICE, BUDGET = "gold", 100, 1_000_000
KEY = "demo"
KINDS = frozenset({ClientKeyKind.MAMBO})
OFFERED = Wanted(
    definition={
        "name": NAME,
        "description": "Bought with gold; used once",
        "code_format": CodeFormat.CUSTOM,
        "custom_code": CODE,
    },
    offer={
        "point_id": POINT,
        "points": PRICE,
        "mode": BuyMode.ONE_STEP,
        "usage": Usage.MULTI,
    },
    shown={
        "coupon_type": "shipping",
        "amount": None,
        "custom": "",
        "help_message": "Enter it at the checkout",
        "tags": [],
        "translations": [],
    },
    reward={"reward_type": "shipping", "payload": {}},
)


def load(now: datetime) -> list[str]:
    """Add what is missing: the player with gold to spend, and what it buys."""
    added = [f"{PLAYER}'s gold"] if _add_player(now) else []
    try:
        offers.create(TENANT, OFFERED, now)
    except Refused:  # it is there
        return added
    return [*added, NAME]


def _add_player(now: datetime) -> bool:
    change = PointChange(TENANT, PLAYER, POINT, BUDGET, reason="Demo")
    try:
        users.create(TENANT, {"user_id": PLAYER}, now)
    except Refused:
        return False
    wallets.credit(change, now)
    return True


def document(url: str, now: datetime) -> dict[str, Any]:
    """What an SDK needs, and a line that buys and redeems in one step."""
    key_id, secret = _keys(now)
    token = authentication.issue_client_token(key_id, secret, now)
    return {
        "key_id": key_id,
        "secret": secret,
        "token": token,
        "curl": _line(f"{url}/api/v1/{TENANT}/activities/sync", token),
    }


def _keys(now: datetime) -> tuple[str, str]:
    """The SDK's key of the demo tenant; a new one when there is none that is good."""
    found, _ = client_keys.listed(TENANT, Page(), ClientKeyKind.MAMBO)
    for key in found:
        if key.name == KEY and key.is_usable(now):
            return key.key_id, authentication.client_key_and_secret(
                key.key_id, KINDS, now
            )[1]
    key, secret = client_keys.create(TENANT, ClientKeyKind.MAMBO, KEY, None, now)
    return key.key_id, secret


def _line(url: str, token: str) -> str:
    attrs = {"type": "coupon", "action": Action.REDEEM.value, "code": CODE}
    body = json.dumps({"uuid": PLAYER, "attrs": attrs})
    headers = f"Authorization: Bearer {token}", "Content-Type: application/json"
    said = [word for header in headers for word in ("-H", header)]
    return shlex.join(["curl", "-sS", *said, "-d", body, url])
