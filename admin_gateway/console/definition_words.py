"""States of definitions and campaigns, and what may be done in them."""

from dataclasses import dataclass
from datetime import datetime

from admin_gateway.console.texts import N_, gettext
from coupon_core.domain.models import Definition, DefinitionStatus, Reason
from coupon_core.domain.models.campaigns import Campaign, CampaignStatus


@dataclass(frozen=True, slots=True)
class State:
    """A word, the kind of its colour, and what it means."""

    word: str
    kind: str
    meaning: str


ARCHIVED = State(
    N_("archived"), "neutral", N_("No code can be redeemed and none is generated.")
)
CAMPAIGN_ENDED = State(
    N_("campaign ended"),
    "neutral",
    N_("No code can be redeemed: the campaign is completed or cancelled."),
)
SUSPENDED = State(
    N_("suspended"), "bad", N_("No code can be redeemed until it is resumed.")
)
PAUSED = State(
    N_("paused"),
    "warning",
    N_("No codes are generated; those that exist can be redeemed."),
)
EXPIRED = State(N_("expired"), "neutral", N_("Its end has passed."))
PLANNED = State(N_("planned"), "warning", N_("Codes can be redeemed from its start."))
USED_UP = State(N_("used up"), "warning", N_("The limit of all uses is reached."))
ACTIVE = State(N_("active"), "good", N_("Codes can be generated and redeemed."))
CAMPAIGN_STATES = {
    CampaignStatus.PENDING_EXPOSURE: State(
        N_("not announced"), "neutral", N_("Codes can be redeemed within its dates.")
    ),
    CampaignStatus.EXPOSED: State(
        N_("announced"), "good", N_("Codes can be redeemed within its dates.")
    ),
    CampaignStatus.IN_PROGRESS: State(
        N_("in progress"), "good", N_("Codes can be redeemed within its dates.")
    ),
    CampaignStatus.COMPLETED: State(
        N_("completed"), "neutral", N_("No code can be redeemed.")
    ),
    CampaignStatus.CANCELLED: State(
        N_("cancelled"), "bad", N_("No code can be redeemed.")
    ),
}

# Why a code that nobody has used yet can be refused.
VIOLATIONS = {
    Reason.NOT_YET_ACTIVE: N_("It has not started then."),
    Reason.EXPIRED: N_("It has ended then."),
    Reason.ARCHIVED: N_("Its campaign is completed or cancelled."),
    Reason.SUSPENDED: N_("Its campaign is suspended."),
}


def get_state(definition: Definition, now: datetime) -> State:
    """Return the state that decides first about the codes of a definition."""
    limit = definition.total_limit
    for state, applies in (
        (ARCHIVED, definition.status == DefinitionStatus.ARCHIVED),
        (CAMPAIGN_ENDED, definition.is_campaign_ended),
        (SUSPENDED, definition.is_suspended),
        (EXPIRED, definition.expires_at and now > definition.expires_at),
        (USED_UP, limit and definition.used_count >= limit),
        (PAUSED, definition.status == DefinitionStatus.PAUSED),
        (PLANNED, definition.starts_at and now < definition.starts_at),
    ):
        if applies:
            return state
    return ACTIVE


def get_zone(definition: Definition) -> str:
    """Return the zone of the times of a definition: its own, its campaign's, or UTC."""
    return definition.time_zone or definition.campaign_time_zone or "UTC"


def get_campaign_state(campaign: Campaign, now: datetime) -> State:
    """Return the state that decides first about the codes of a campaign."""
    if campaign.has_ended:
        return CAMPAIGN_STATES[campaign.status]
    if campaign.suspended_at:
        return SUSPENDED
    if campaign.ends_at and now > campaign.ends_at:
        return EXPIRED
    if campaign.starts_at and now < campaign.starts_at:
        return PLANNED
    return CAMPAIGN_STATES[campaign.status]


def describe_violation(reason: Reason) -> str:
    """Return why a code that nobody has used yet would be refused."""
    return gettext(VIOLATIONS.get(reason, reason.value))
