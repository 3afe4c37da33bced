"""What may be done with a campaign as a whole."""

from collections.abc import Callable
from functools import partial

from admin_gateway.console.texts import N_
from admin_gateway.console.whole_actions import Action
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.services import suspension
from coupon_core.services.campaigns import campaigns


def _set_status(status: CampaignStatus) -> Callable[..., object]:
    return partial(campaigns.update, changes={"status": status})


ACTIONS = (
    Action(
        name="suspend",
        mirrors="campaigns.suspend",
        title=N_('Suspend the campaign "%(name)s"?'),
        text=N_(
            "None of its codes can be redeemed until you resume it. Nothing is lost."
        ),
        button=N_("Suspend"),
        notice=N_('The campaign "%(name)s" is suspended.'),
        run=partial(suspension.suspend, suspension.CAMPAIGNS),
        is_offered=lambda one: not one.suspended_at and not one.has_ended,
        is_harmful=True,
        is_in_lists=True,
    ),
    Action(
        name="resume",
        mirrors="campaigns.resume",
        title=N_('Resume the campaign "%(name)s"?'),
        text=N_("Its codes are as valid as before."),
        button=N_("Resume"),
        notice=N_('The campaign "%(name)s" is resumed.'),
        run=partial(suspension.resume, suspension.CAMPAIGNS),
        is_offered=lambda one: bool(one.suspended_at),
        is_in_lists=True,
    ),
    Action(
        name="complete",
        mirrors="campaigns.change",
        title=N_('Complete the campaign "%(name)s"?'),
        text=N_("None of its codes can be redeemed any more. You can reopen it."),
        button=N_("Complete"),
        notice=N_('The campaign "%(name)s" is completed.'),
        run=_set_status(CampaignStatus.COMPLETED),
        is_offered=lambda one: not one.has_ended,
        is_harmful=True,
        is_in_lists=True,
    ),
    Action(
        name="cancel",
        mirrors="campaigns.change",
        title=N_('Cancel the campaign "%(name)s"?'),
        text=N_("None of its codes can be redeemed any more. You can reopen it."),
        button=N_("Cancel the campaign"),
        notice=N_('The campaign "%(name)s" is cancelled.'),
        run=_set_status(CampaignStatus.CANCELLED),
        is_offered=lambda one: not one.has_ended,
        is_harmful=True,
    ),
    Action(
        name="reopen",
        mirrors="campaigns.change",
        title=N_('Reopen the campaign "%(name)s"?'),
        text=N_("Its codes can be redeemed again within its dates."),
        button=N_("Reopen"),
        notice=N_('The campaign "%(name)s" is in progress again.'),
        run=_set_status(CampaignStatus.IN_PROGRESS),
        is_offered=lambda one: one.has_ended,
        is_in_lists=True,
    ),
)
