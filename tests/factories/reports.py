"""A factory that stores counts for reports, as the counter and the gateways do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from coupon_core.domain.report_counts import Counts, ReportCounts
from coupon_core.persistence import database
from coupon_core.persistence.repositories.attempts import raise_refusals
from coupon_core.persistence.repositories.report_counts import raise_counts
from tests.factories.campaigns import CREATOR_KEY, CampaignFactory
from tests.factories.tenant import TenantFactory

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
UNKNOWN_DEFINITION = "00000000-0000-0000-0000-000000000000"


@dataclass
class ReportFactory:
    """Two campaigns with three definitions, and counts of them on two days.

    `shared` has a custom code and `package` two codes of a creator, both in the first
    campaign. `winter` is in the second one.
    """

    tenant: TenantFactory

    def __post_init__(self) -> None:
        """Create the campaigns and their definitions."""
        self.campaigns = CampaignFactory(self.tenant)
        zone = "Europe/Berlin"
        for campaign_id, name in ("launch", "Launch"), ("winter", "=Winter"):
            self.campaigns.create_campaign(
                campaign_id, names={"en": name}, time_zone=zone
            )
        self.campaigns.create_creator()
        self.shared = self.tenant.define_custom(
            "SAVE10", name="Ten percent", campaign_id="launch"
        ).definition_id
        package = self.campaigns.create_package("launch")
        self.campaigns.assign_codes(package, "CREATOR-ABC12-001", "CREATOR-ABC12-002")
        self.package = package.package.definition_id
        self.winter = self.tenant.define(
            name="Snow", campaign_id="winter"
        ).definition_id

    def raise_all(self) -> None:
        """Store counts of each definition at noon and, of the last, a day later."""
        self.raise_counts(
            ReportCounts(
                *(self.shared, NOON, "", "phoenix"),
                counts=Counts(5, 1, refused=2, validated=9),
            ),
            ReportCounts(self.shared, NOON, counts=Counts(generated=20, assigned=10)),
            ReportCounts(self.package, NOON, CREATOR_KEY, "playcamp", Counts(4)),
            ReportCounts(
                *(self.winter, NOON + timedelta(days=1), "", "mambo"),
                counts=Counts(7, 2),
            ),
        )

    def raise_counts(self, *rows: ReportCounts) -> None:
        """Add counts."""
        with database.transaction():
            raise_counts(self.tenant.tenant_id, rows)
        database.release_connection()

    def count_refusals(
        self,
        at: datetime,
        action: str,
        refused: int,
        definition_id: str = UNKNOWN_DEFINITION,
    ) -> None:
        """Store how often an action was refused because a coupon had expired."""
        key = at, definition_id, action, "COUPON_EXPIRED", "phoenix"
        raise_refusals(self.tenant.tenant_id, {key: refused})
        database.release_connection()
