"""Tests of the event that warns of expiring definitions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.campaigns import CampaignStatus
from tests.factories.campaigns import CampaignFactory
from tests.factories.tenant import TenantFactory
from tests.support.definition_warnings import announce, list_warnings

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("before", "expected"),
    [(25 * HOUR, 0), (24 * HOUR, 1), (HOUR, 1), (-MINUTE, 0)],
    ids=["25 hours", "24 hours", "an hour", "after"],
)
def test_an_expiry_is_announced_a_day_before(
    tenant: TenantFactory, before: timedelta, expected: int
) -> None:
    expires_at = (utc_now() + 30 * DAY).replace(microsecond=0)
    definition = tenant.define(expires_at=expires_at)
    for _ in range(2):
        announce(tenant, expires_at - before)
    announced = list_warnings(tenant, "expiring")
    assert [data["definition_id"] for data in announced] == (
        [definition.definition_id] * expected
    )


def test_an_expiry_that_is_moved_is_announced_again(tenant: TenantFactory) -> None:
    start = utc_now().replace(microsecond=0)
    definition = tenant.define(expires_at=start + HOUR)
    announce(tenant)
    tenant.change(definition, expires_at=start + 2 * DAY)
    announce(tenant)
    assert len(list_warnings(tenant, "expiring")) == 1
    announce(tenant, start + DAY + HOUR)
    expiries = [data["expires_at"] for data in list_warnings(tenant, "expiring")]
    assert len(expiries) == len(set(expiries)) == 2


def test_definitions_of_an_ended_campaign_are_not_announced(
    tenant: TenantFactory,
) -> None:
    campaigns = CampaignFactory(tenant)
    campaign_id = campaigns.create_campaign()
    tenant.define(expires_at=utc_now() + HOUR, campaign_id=campaign_id)
    campaigns.update_campaign(status=CampaignStatus.CANCELLED)
    assert announce(tenant) == 0
    campaigns.update_campaign(status=CampaignStatus.IN_PROGRESS)
    assert announce(tenant) == 1
