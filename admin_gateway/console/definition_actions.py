"""What may be done with a definition as a whole, and the question before it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from admin_gateway.console.actions import MAX_WITHOUT_TYPING, Question
from admin_gateway.console.texts import N_, ngettext
from admin_gateway.console.texts import gettext as _
from coupon_core.domain.models import Definition, DefinitionStatus
from coupon_core.services import suspension
from coupon_core.services.catalog import definition_status


@dataclass(frozen=True, slots=True)
class Action:
    """An action: the texts of its question, and when it is offered.

    `name` is also that of the view of the API that it mirrors.
    """

    name: str
    title: str
    text: str
    button: str
    notice: str
    run: Callable[..., object]
    is_offered: Callable[[Definition], bool]
    is_harmful: bool = False


def _is(*statuses: DefinitionStatus) -> Callable[[Definition], bool]:
    return lambda one: one.status in statuses and not one.is_campaign_ended


def _set_status(status: DefinitionStatus) -> Callable[..., object]:
    return partial(definition_status.set_status, status=status)


ACTIONS = (
    Action(
        "suspend",
        N_('Suspend "%(name)s"?'),
        N_("No code can be redeemed until you resume it. Nothing is lost."),
        N_("Suspend"),
        N_('"%(name)s" is suspended.'),
        partial(suspension.suspend, suspension.DEFINITIONS),
        lambda one: not one.suspended_at and one.status != DefinitionStatus.ARCHIVED,
        is_harmful=True,
    ),
    Action(
        "resume",
        N_('Resume "%(name)s"?'),
        N_("Its codes are as valid as before."),
        N_("Resume"),
        N_('"%(name)s" is resumed.'),
        partial(suspension.resume, suspension.DEFINITIONS),
        lambda one: bool(one.suspended_at),
    ),
    Action(
        "pause",
        N_('Pause "%(name)s"?'),
        N_("No more codes are generated. Those that exist can still be redeemed."),
        N_("Pause"),
        N_('"%(name)s" is paused.'),
        _set_status(DefinitionStatus.PAUSED),
        _is(DefinitionStatus.ACTIVE),
    ),
    Action(
        "activate",
        N_('Activate "%(name)s"?'),
        N_("Codes can be generated and redeemed again."),
        N_("Activate"),
        N_('"%(name)s" is active.'),
        _set_status(DefinitionStatus.ACTIVE),
        _is(DefinitionStatus.PAUSED, DefinitionStatus.ARCHIVED),
    ),
    Action(
        "archive",
        N_('Archive "%(name)s"?'),
        N_(
            "No code can be redeemed and none is generated. The history stays, and you "
            "can activate it again."
        ),
        N_("Archive"),
        N_('"%(name)s" is archived.'),
        _set_status(DefinitionStatus.ARCHIVED),
        _is(DefinitionStatus.ACTIVE, DefinitionStatus.PAUSED),
        is_harmful=True,
    ),
)


def build_question(
    action: Action, definition: Definition, code_count: int, back: str
) -> Question:
    """Return the question before an action; it says how many codes it is about."""
    name = {"name": definition.name}
    count = ngettext(
        "It is about %(num)s code.", "It is about %(num)s codes.", code_count
    ) % {"num": code_count}
    needs_name = action.is_harmful and code_count > MAX_WITHOUT_TYPING
    return Question(
        title=_(action.title) % name,
        text=f"{_(action.text)} {count}",
        button=_(action.button),
        back=back,
        typed_name=definition.name if needs_name else "",
    )


def run_action(action: Action, definition: Definition, now: datetime) -> object:
    """Carry out an action."""
    return action.run(definition.tenant_id, definition.definition_id, now=now)
