"""What may be done with a definition as a whole."""

from collections.abc import Callable
from functools import partial

from admin_gateway.console.texts import N_
from admin_gateway.console.whole_actions import Action
from coupon_core.domain.models import Definition, DefinitionStatus
from coupon_core.services import suspension
from coupon_core.services.catalog import definition_status


def _is(*statuses: DefinitionStatus) -> Callable[[Definition], bool]:
    return lambda one: one.status in statuses and not one.is_campaign_ended


def _set_status(status: DefinitionStatus) -> Callable[..., object]:
    return partial(definition_status.set_status, status=status)


ACTIONS = (
    Action(
        name="suspend",
        mirrors="definitions.suspend",
        title=N_('Suspend "%(name)s"?'),
        text=N_("No code can be redeemed until you resume it. Nothing is lost."),
        button=N_("Suspend"),
        notice=N_('"%(name)s" is suspended.'),
        run=partial(suspension.suspend, suspension.DEFINITIONS),
        is_offered=lambda one: (
            not one.suspended_at and one.status != DefinitionStatus.ARCHIVED
        ),
        is_harmful=True,
        is_in_lists=True,
    ),
    Action(
        name="resume",
        mirrors="definitions.resume",
        title=N_('Resume "%(name)s"?'),
        text=N_("Its codes are as valid as before."),
        button=N_("Resume"),
        notice=N_('"%(name)s" is resumed.'),
        run=partial(suspension.resume, suspension.DEFINITIONS),
        is_offered=lambda one: bool(one.suspended_at),
        is_in_lists=True,
    ),
    Action(
        name="pause",
        mirrors="definitions.pause",
        title=N_('Pause "%(name)s"?'),
        text=N_("No more codes are generated. Those that exist can still be redeemed."),
        button=N_("Pause"),
        notice=N_('"%(name)s" is paused.'),
        run=_set_status(DefinitionStatus.PAUSED),
        is_offered=_is(DefinitionStatus.ACTIVE),
    ),
    Action(
        name="activate",
        mirrors="definitions.activate",
        title=N_('Activate "%(name)s"?'),
        text=N_("Codes can be generated and redeemed again."),
        button=N_("Activate"),
        notice=N_('"%(name)s" is active.'),
        run=_set_status(DefinitionStatus.ACTIVE),
        is_offered=_is(DefinitionStatus.PAUSED, DefinitionStatus.ARCHIVED),
    ),
    Action(
        name="archive",
        mirrors="definitions.archive",
        title=N_('Archive "%(name)s"?'),
        text=N_(
            "No code can be redeemed and none is generated. The history stays, and you "
            "can activate it again."
        ),
        button=N_("Archive"),
        notice=N_('"%(name)s" is archived.'),
        run=_set_status(DefinitionStatus.ARCHIVED),
        is_offered=_is(DefinitionStatus.ACTIVE, DefinitionStatus.PAUSED),
        is_harmful=True,
        is_in_lists=True,
    ),
)
