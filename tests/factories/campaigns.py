"""A factory that creates campaigns, creators and packages through the core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.domain.models.packages import PackageWithDefinition
from coupon_core.services.campaigns import campaigns, creators, packages
from tests.factories.tenant import TenantFactory

CAMPAIGN_ID, CREATOR_KEY = "campaign_001", "ABC12"
PACKAGE_NAME = {"ko": "Welcome Package", "en": "Welcome Package"}
GEM_REWARD = {"itemId": "gem", "itemQuantity": 100}


@dataclass
class CampaignFactory:
    """Create the campaigns, creators and packages of a tenant."""

    tenant: TenantFactory

    def create_campaign(self, campaign_id: str = CAMPAIGN_ID, **members: Any) -> str:
        """Create a campaign and return its ID."""
        all_members = {"names": {"en": "Launch"}, **members}
        campaigns.create(self.tenant.tenant_id, campaign_id, all_members, utc_now())
        return campaign_id

    def update_campaign(self, **changes: Any) -> None:
        """Update members of the campaign."""
        campaigns.update(self.tenant.tenant_id, CAMPAIGN_ID, changes, utc_now())

    def create_creator(self, key: str = CREATOR_KEY, **members: Any) -> str:
        """Create a creator and return the key."""
        all_members = {"name": f"Creator {key}", **members}
        creators.create(self.tenant.tenant_id, key, all_members, utc_now())
        return key

    def create_package(
        self, campaign_id: str = CAMPAIGN_ID, **members: Any
    ) -> PackageWithDefinition:
        """Create a package of a campaign."""
        all_members = {"item_name": PACKAGE_NAME, "rewards": (GEM_REWARD,), **members}
        return packages.create(
            self.tenant.tenant_id, campaign_id, all_members, utc_now()
        )

    def assign_codes(
        self, offer: PackageWithDefinition, *codes: str, creator_key: str = CREATOR_KEY
    ) -> Sequence[str]:
        """Assign codes of a package to a creator."""
        return creators.assign_codes(
            self.tenant.tenant_id,
            creator_key,
            package_id=offer.package.package_id,
            requested_codes=codes,
        )

    def revoke_codes(self, *codes: str) -> None:
        """Revoke codes of the creator."""
        creators.revoke_codes(self.tenant.tenant_id, CREATOR_KEY, codes, utc_now())

    def create_redeemable_code(
        self, code: str = "CREATOR-ABC12-001", **members: Any
    ) -> str:
        """Create a campaign, a creator, and a package; return a code of the creator."""
        self.create_campaign()
        self.create_creator()
        self.assign_codes(self.create_package(**members), code)
        return code

    def create_client_key(
        self, kind: ClientKeyKind = ClientKeyKind.PLAYCAMP_SERVER
    ) -> str:
        """Create a client key; return it in the form that SDKs send."""
        return ":".join(self.tenant.create_client_key(kind))
