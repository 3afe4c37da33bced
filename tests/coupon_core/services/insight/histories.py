"""Random histories of uses through all APIs, and of what gives them back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from coupon_core.domain.models import Dialect, Refused
from coupon_core.domain.models.filters import RedemptionFilter
from coupon_core.domain.models.offers import UsageMode
from coupon_core.domain.models.purchases import Action, ActivityRequest
from coupon_core.services.coupons import (
    redemption,
    redemption_records,
    reservations,
)
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.points import activities, reversals
from tests.factories.campaigns import CampaignFactory
from tests.factories.offers import OfferFactory
from tests.factories.tenant import TenantFactory

USERS = ("ann", "bob", "eve")
CREATOR_CODES = ("CREATOR-1", "CREATOR-2")


class History:
    """Uses the coupons of a tenant at random; the same seed does the same."""

    def __init__(self, tenant: TenantFactory, seed: int) -> None:
        self.tenant, self.random = tenant, random.Random(seed)
        self.offers = OfferFactory(tenant)
        campaign = CampaignFactory(tenant)
        campaign.create_campaign()
        campaign.create_creator("ABC12")
        package = campaign.create_package(per_code_limit=0)
        campaign.assign_codes(package, CREATOR_CODES[0], creator_key="ABC12")
        campaign.create_creator("XYZ99")
        campaign.assign_codes(package, CREATOR_CODES[1], creator_key="XYZ99")
        tenant.define_claimable("SHARED", per_code_limit=0)
        self.offers.create_offer("OFFER", usage=UsageMode.MULTI)
        for user_id in USERS:
            self.offers.create_user(user_id, gold=10_000)
        self.own_codes = [tenant.create_code(user, per_code_limit=9) for user in USERS]

    def run(self, count: int, moments: Sequence[datetime]) -> None:
        """Perform actions, each at one of the moments or up to an hour later."""
        actions = (
            *(self._redeem,) * 4,
            *(self._purchase,) * 3,
            self._reserve,
            *(self._reverse,) * 2,
        )
        for _ in range(count):
            spread = timedelta(minutes=self.random.randrange(60))
            with suppress(Refused):
                self.random.choice(actions)(self.random.choice(moments) + spread)

    def _choose_request(self) -> RedeemRequest:
        number = self.random.randrange(len(USERS))
        code = self.random.choice((*CREATOR_CODES, "SHARED", self.own_codes[number]))
        dialect = self.random.choice((Dialect.PHOENIX, Dialect.PLAYCAMP))
        return RedeemRequest(self.tenant.tenant_id, code, USERS[number], dialect)

    def _redeem(self, now: datetime) -> None:
        redemption.redeem(self._choose_request(), now)

    def _reserve(self, now: datetime) -> None:
        reservation_id = reservations.reserve(self._choose_request(), 900, now)[
            "reservation_id"
        ]
        reservations.confirm(self.tenant.tenant_id, reservation_id, None, now)

    def _purchase(self, now: datetime) -> None:
        action = self.random.choice((Action.BUY, Action.REDEEM, Action.REFUND))
        user_id = self.random.choice(USERS)
        # By claiming it, or by buying it before.
        code = self.random.choice(("OFFER", *CREATOR_CODES))
        request = ActivityRequest(self.tenant.tenant_id, user_id, action, code)
        activities.perform(request, now)

    def _reverse(self, now: datetime) -> None:
        rows, _ = redemption_records.list_redemptions(
            self.tenant.tenant_id, RedemptionFilter(), 1_000
        )
        if rows:
            record = self.random.choice(rows)
            moment = max(now, record.redeemed_at)
            reversals.reverse(
                self.tenant.tenant_id, record.redemption_id, reason="", now=moment
            )
