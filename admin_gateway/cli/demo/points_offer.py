"""The demo tenant's offer for points (Mambo), and a curl command that buys it."""

from datetime import datetime
from typing import Any

from admin_gateway.cli.demo.credentials import get_or_create_client_key
from admin_gateway.cli.demo.phoenix_definitions import DEMO_TENANT_ID, DEMO_USER_ID
from admin_gateway.cli.demo.samples import build_curl
from coupon_core.domain.models import CodeFormat, Refused
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.domain.models.offers import PurchaseMode, UsageMode
from coupon_core.domain.models.points import PointChange
from coupon_core.domain.models.purchases import Action
from coupon_core.security import authentication
from coupon_core.services.points import offers, users, wallets
from coupon_core.services.points.offers import OfferDraft

OFFER_NAME = "Free Shipping"
OFFER_CODE = "SHIP1"
POINT_ID = "gold"
PRICE_POINTS = 100
INITIAL_POINTS = 1_000_000
ATTRS = {"type": "coupon", "action": Action.REDEEM.value, "code": OFFER_CODE}
OFFER_DRAFT = OfferDraft(
    definition={
        "name": OFFER_NAME,
        "description": "Bought with gold; used once",
        "code_format": CodeFormat.CUSTOM,
        "custom_code": OFFER_CODE,
    },
    offer={
        "point_id": POINT_ID,
        "points": PRICE_POINTS,
        "mode": PurchaseMode.ONE_STEP,
        "usage": UsageMode.MULTI,
    },
    display={
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
    """Create the demo user with gold and the offer, if missing; return their names."""
    added = [f"{DEMO_USER_ID}'s gold"] if _add_user(now) else []
    try:
        offers.create(DEMO_TENANT_ID, OFFER_DRAFT, now=now)
    except Refused:  # it exists
        return added
    return [*added, OFFER_NAME]


def _add_user(now: datetime) -> bool:
    change = PointChange(
        DEMO_TENANT_ID,
        DEMO_USER_ID,
        point_id=POINT_ID,
        amount=INITIAL_POINTS,
        reason="Demo",
    )
    try:
        users.create(DEMO_TENANT_ID, {"user_id": DEMO_USER_ID}, now=now)
    except Refused:
        return False
    wallets.credit(change, now)
    return True


def build_document(url: str, now: datetime) -> dict[str, Any]:
    """Build an SDK's credentials and a command that buys and redeems in one step."""
    key_id, secret = get_or_create_client_key(ClientKeyKind.MAMBO, now)
    token = authentication.issue_client_token(key_id, secret, now=now)
    return {
        "key_id": key_id,
        "secret": secret,
        "token": token,
        "curl": build_curl(
            f"{url}/api/v1/{DEMO_TENANT_ID}/activities/sync",
            token,
            {"uuid": DEMO_USER_ID, "attrs": ATTRS},
        ),
    }
