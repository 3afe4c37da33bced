"""The form of a campaign: of a new one, a copy, or one that exists."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import flash

from admin_gateway.console.formats import format_entered_time
from admin_gateway.console.forms import Form
from admin_gateway.console.rendering import render
from admin_gateway.console.texts import gettext as _
from admin_gateway.console.texts import ngettext
from coupon_core.domain.models.campaigns import Campaign
from coupon_core.services.campaigns import campaign_copies, campaigns
from coupon_core.services.campaigns.campaign_copies import CampaignCopy

MAX_NAMES = 5  # in a notice, which a cookie carries
COPY, WITH_DEFINITIONS, COPIED_NAME_LENGTH = "copy", "with_definitions", 90


def find_copied(tenant_id: str, campaign_id: str) -> Campaign | None:
    """Return the campaign that is copied, or None for the ID ""."""
    return campaigns.get(tenant_id, campaign_id) if campaign_id else None


def create(
    tenant_id: str,
    form: Form,
    fields: dict[str, Any],
    copied: Campaign | None,
    now: datetime,
) -> Campaign:
    """Create a campaign, or one like another, also with copies of its definitions."""
    campaign_id = fields.pop("campaign_id", None)
    if copied and form.is_checked(WITH_DEFINITIONS, "True"):
        result = campaign_copies.copy(
            tenant_id, copied.campaign_id, campaign_id, fields, now=now
        )
        _notify(result)
        return result.campaign
    settings = campaign_copies.get_settings(copied) if copied else {}
    return campaigns.create(tenant_id, campaign_id, {**settings, **fields}, now)


def _notify(result: CampaignCopy) -> None:
    text = ngettext(
        "%(num)s definition is copied. It has no codes yet.",
        "%(num)s definitions are copied. They have no codes yet.",
        result.copied_count,
    )
    flash(text % {"num": result.copied_count})
    if result.left_out:
        text = _(
            "Not copied: %(names)s. A code for all, a check character or a trigger can "
            "belong to one definition only, and at most 200 definitions are copied."
        )
        names = [one.name[:COPIED_NAME_LENGTH] for one in result.left_out]
        shown = [*names[:MAX_NAMES], *(["…"] if names[MAX_NAMES:] else [])]
        flash(text % {"names": ", ".join(shown)})


def render_form(
    form: Form, campaign: Campaign | None = None, copied: Campaign | None = None
) -> str:
    """Return the page with the form of a campaign, or of a new one."""
    return render(
        "campaigns/form.html",
        form=form,
        campaign=campaign,
        shown=_list_members(campaign, copied),
        copied=copied,
    )


def _list_members(
    campaign: Campaign | None, copied: Campaign | None
) -> Mapping[str, str]:
    """Return what a form shows at first; a copy has no dates, because they differ."""
    if campaign:
        zone = campaign.time_zone
        return {
            "name": campaign.name,
            "time_zone": zone,
            "starts_at": format_entered_time(campaign.starts_at, zone),
            "ends_at": format_entered_time(campaign.ends_at, zone),
        }
    if copied:
        name = _("Copy of %(name)s") % {"name": copied.name[:COPIED_NAME_LENGTH]}
        return {"name": name, "time_zone": copied.time_zone}
    return {}
