"""The data that exists when schemathesis calls the gateways."""

from __future__ import annotations

from dataclasses import dataclass

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.domain.models.offers import UsageMode
from coupon_core.persistence import database
from coupon_core.security import authentication
from tests.factories.offers import OfferFactory
from tests.factories.tenant import TenantFactory, create_tenant

# On the stricter database: PostgreSQL accepts neither NUL nor a malformed UUID.


@dataclass
class Stock:
    """The existing data that requests may name."""

    tenant: TenantFactory
    known: dict[str, list[str]]


def create_stock() -> Stock:
    """Create the data that requests may name."""
    tenant = create_tenant(tenant_id="acme", now=None)
    definitions = [tenant.define(per_code_limit=0) for _ in range(3)]
    shared = tenant.define_custom("OPEN2025", claimable=True, per_code_limit=0)
    coupons = [
        tenant.issue_coupon(item, user).coupon for item in definitions for user in "ab"
    ]
    known = {
        "codes": ["OPEN2025", *(item.code for item in coupons)],
        "users": ["a", "b"],
        "coupons": [item.coupon_id for item in coupons],
        "definitions": [item.definition_id for item in (*definitions, shared)],
        "rewards": [tenant.reward_item_id],
        "campaigns": ["campaign_001"],
        "creators": ["ABC12"],
    }
    database.release_connection()
    return Stock(tenant, known)


def create_mambo_stock(stock: Stock) -> str:
    """Create users with points and coupons to buy; return an SDK's token."""
    offer_factory = OfferFactory(stock.tenant)
    offered = [
        offer_factory.create_offer(f"BUY{n}", points=1, usage=UsageMode.MULTI)
        for n in range(3)
    ]
    for user_id in "ab":
        offer_factory.create_user(user_id, gold=1_000)
    stock.known["codes"] += [f"BUY{n}" for n in range(3)]
    stock.known["definitions"] += offered
    key_id, secret = stock.tenant.create_client_key(ClientKeyKind.MAMBO)
    token = authentication.issue_client_token(key_id, secret, utc_now())
    database.release_connection()
    return token
