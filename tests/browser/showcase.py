"""The demo tenant after a busy month, so that every page has something to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from admin_gateway.cli.demo import seed
from admin_gateway.cli.demo.phoenix_definitions import DEMO_TENANT_ID
from admin_gateway.requests.campaigns import CreateCampaignSchema
from admin_gateway.requests.definitions import CreateDefinitionSchema
from coupon_core.domain.models import Definition, Page
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.operators import Role
from coupon_core.domain.models.webhooks import SignatureScheme
from coupon_core.domain.report_counts import Counts, ReportCounts, get_midnight
from coupon_core.persistence import database
from coupon_core.persistence.repositories.attempts import raise_refusals
from coupon_core.persistence.repositories.report_counts import raise_counts
from coupon_core.services import batches
from coupon_core.services.batches import BatchRequest
from coupon_core.services.campaigns import campaigns
from coupon_core.services.catalog import definitions, reward_items
from coupon_core.services.coupons import administration
from coupon_core.services.insight import attempt_flush
from coupon_core.services.operators import links
from coupon_core.services.webhooks import subscriptions
from tests.factories.dead_letters import create_dead_letter
from tests.factories.tenant import TenantFactory
from tests.factories.webhooks import create_delivery
from tests.support.attempts import collect_failure

DAYS = 30
BLACK_FRIDAY = "Black Friday"
# What the uses of a definition are a multiple of, by its name.
POPULARITY = {
    BLACK_FRIDAY: 9,
    "New Year 2027": 6,
    "Welcome Bonus": 4,
    "VIP Loot Crate": 2,
    "7-Day Login Streak": 1,
}
# The refusals of a day, by their reason.
REFUSALS = (
    ("COUPON_EXPIRED", 7),
    ("COUPON_NOT_FOUND", 5),
    ("USAGE_LIMIT_EXCEEDED", 3),
    ("COUPON_REVOKED", 1),
)


@dataclass(frozen=True)
class Showcase:
    """The tenant, and IDs of which the paths of its pages are made."""

    tenant_id: str
    campaign_id: str
    definition_id: str
    reward_id: str
    coupon_id: str
    batch_id: str
    waiting_batch_id: str
    webhook_id: int
    letter_id: str
    user_id: str = "alice"
    creator_key: str = "ABC12"


def create_showcase(now: datetime) -> Showcase:
    """Create the demo tenant, and what a month of work leaves behind."""
    seed.load(now)
    items, _ = reward_items.list_reward_items(DEMO_TENANT_ID, Page(limit=1))
    tenant = TenantFactory(DEMO_TENANT_ID, "", reward_item_id=items[0].item_id)
    definition = _start_campaign(tenant, now)
    batch_id, waiting_batch_id = _generate(definition, now)
    _count_uses(tenant, now)
    _fail_attempts(definition, now)
    links.invite(DEMO_TENANT_ID, "mia@example.com", Role.MANAGER, now)
    webhook, _secret = subscriptions.create(
        *(DEMO_TENANT_ID, "coupon.redeemed", "https://9.9.9.9/coupons", now),
        signature=SignatureScheme.STANDARD,
    )
    create_delivery(DEMO_TENANT_ID, webhook.webhook_id)
    create_dead_letter(DEMO_TENANT_ID, b"{not JSON", reason="It is no JSON object.")
    letter_id = create_dead_letter(
        DEMO_TENANT_ID,
        b'{"user_id": "alice", "threshold": "seven"}',
        reason="threshold: expected an integer, not text.",
    )
    coupons, _ = administration.list_coupons(
        *(DEMO_TENANT_ID, CouponFilter(user_id="chen"), Page(limit=1)),
        now,
    )
    return Showcase(
        tenant_id=DEMO_TENANT_ID,
        campaign_id="black-friday",
        definition_id=definition.definition_id,
        reward_id=tenant.reward_item_id,
        coupon_id=coupons[0].coupon.coupon_id,
        batch_id=batch_id,
        waiting_batch_id=waiting_batch_id,
        webhook_id=webhook.webhook_id,
        letter_id=letter_id,
    )


def _start_campaign(tenant: TenantFactory, now: datetime) -> Definition:
    """Create a campaign of a definition, and definitions in other states."""
    dates = {"time_zone": "Europe/Berlin", "starts_at": f"{now:%Y-%m-%d}"}
    fields = CreateCampaignSchema().load({"name": BLACK_FRIDAY, **dates})
    campaigns.create(tenant.tenant_id, "black-friday", fields, now)
    config = {
        "reward_item_id": tenant.reward_item_id,
        "code_prefix": "BF-",
        "limits": {"total": 50_000, "per_user": 1},
    }
    body = {"name": BLACK_FRIDAY, "campaign_id": "black-friday", "config": config}
    definition = definitions.create(
        tenant.tenant_id, CreateDefinitionSchema().load(body), now
    )
    tenant.suspend(tenant.define(name="Leaked newsletter code", code_prefix="NEWS-"))
    tenant.archive(tenant.define(name="Summer 2026", code_prefix="SUN-"))
    return definition


def _generate(definition: Definition, now: datetime) -> list[str]:
    """Generate a batch, request another one, and return their IDs."""
    tenant_id, definition_id = definition.tenant_id, definition.definition_id
    batch_ids = [
        batches.request(
            tenant_id, definition_id, BatchRequest(count), now - timedelta(seconds=age)
        ).batch_id
        for count, age in ((600, 90), (20_000, 20))
    ]
    batches.generate_chunk((tenant_id, batch_ids[0], 1), now)
    return batch_ids


def _count_uses(tenant: TenantFactory, now: datetime) -> None:
    """Store the counts of a month in which more codes are used every week."""
    rows, _ = definitions.list_definitions(tenant.tenant_id, Page(limit=50))
    popular = [row for row in rows if row.name in POPULARITY]
    with database.transaction():
        for age in range(DAYS):
            at = get_midnight(now - timedelta(days=age))
            uses = DAYS - age + 5 * (age % 7 in (2, 3))
            raise_counts(
                tenant.tenant_id, [_count_day(row, at, uses=uses) for row in popular]
            )
            hour = at, popular[0].definition_id, "redeem"
            raise_refusals(
                tenant.tenant_id,
                {(*hour, reason, "phoenix"): share for reason, share in REFUSALS},
            )


def _count_day(row: Definition, at: datetime, uses: int) -> ReportCounts:
    popularity = POPULARITY[row.name]
    return ReportCounts(
        *(row.definition_id, at, "", "phoenix"),
        counts=Counts(
            redeemed=popularity * uses,
            refused=sum(share for _, share in REFUSALS) * (row.name == BLACK_FRIDAY),
            validated=popularity * uses * 2,
            generated=popularity * 40,
            assigned=popularity * 30,
        ),
    )


def _fail_attempts(definition: Definition, now: datetime) -> None:
    """Store failed attempts of players."""
    for number, (reason, _count) in enumerate(REFUSALS):
        collect_failure(
            *(
                DEMO_TENANT_ID,
                now - timedelta(minutes=7 * number),
                "WELC0MEAB",
                "alice",
            ),
            definition.definition_id,
            reason,
        )
    attempt_flush.flush()
