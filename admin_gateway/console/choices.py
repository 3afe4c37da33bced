"""What the selects of several pages offer."""

from admin_gateway.console.texts import gettext as _
from coupon_core.domain.models import Page
from coupon_core.services.campaigns import campaigns, packages

MAX_CHOICES = 500


def list_campaign_choices(tenant_id: str) -> list[tuple[str, str]]:
    """Return ID and text of the newest campaigns of a tenant."""
    found, _total = campaigns.list_campaigns(tenant_id, Page(limit=MAX_CHOICES))
    return [(one.campaign_id, f"{one.name} ({one.campaign_id})") for one in found]


def list_package_choices(tenant_id: str) -> list[tuple[str, str]]:
    """Return ID and text of the newest packages of a tenant."""
    found, _total = packages.list_packages(tenant_id, Page(limit=MAX_CHOICES))
    return [
        (str(one.package.package_id), f"{one.package.campaign_id}: {one.package.name}")
        for one in found
    ]


def list_campaign_filters(tenant_id: str) -> list[tuple[str, str]]:
    """Return the same campaigns, after a choice that stands for all."""
    return [("", _("All campaigns")), *list_campaign_choices(tenant_id)]
