"""The time zone of a definition, and the times of its coupons that depend on it."""

from datetime import datetime

from coupon_core.domain.entered_times import (
    DEFAULT_TIME_ZONE,
    EnteredTime,
    LocalTime,
    resolve_times,
)
from coupon_core.domain.models import Definition
from coupon_core.domain.rules.expiry import require_future_expiry
from coupon_core.persistence.repositories import campaigns as campaign_repository


def find_time_zone(definition: Definition | None) -> str:
    """Return the time zone of a definition: its own, its campaign's, or UTC."""
    if not definition:
        return DEFAULT_TIME_ZONE
    if definition.time_zone or not definition.campaign_id:
        return definition.time_zone or DEFAULT_TIME_ZONE
    campaign = campaign_repository.get(definition.tenant_id, definition.campaign_id)
    return campaign.time_zone if campaign else DEFAULT_TIME_ZONE


def resolve_expiry(
    definition: Definition | None, expires_at: EnteredTime | None, now: datetime
) -> datetime | None:
    """Return the instant of a new expiry of coupons of one definition or of several.

    Raises:
        Refused: A local time is in the past or outside the years 1970 to 9999.
    """
    if not isinstance(expires_at, LocalTime):
        return expires_at
    members = {"expires_at": expires_at}
    instant: datetime = resolve_times(members, find_time_zone(definition))["expires_at"]
    require_future_expiry(instant, now)
    return instant
