"""What operators can do with one code: each asks first, and says what it changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from admin_gateway.console.code_corrections import (
    assign,
    change_expiry,
    correct,
    count_batch,
    get_batch_id,
    get_definition_id,
    is_assignable,
    is_reissuable,
    is_revocable,
    is_revoked,
    reverse,
    set_suspended,
)
from admin_gateway.console.texts import N_
from coupon_core.domain.models import IssuedCoupon
from coupon_core.services import suspension
from coupon_core.services.coupons import administration, corrections

MAX_WITHOUT_TYPING = 1_000  # codes that an action changes after a click
TYPED_NAME = "typed_name"


@dataclass(frozen=True, slots=True)
class Field:
    """The only field of the form of an action."""

    name: str
    label: str
    hint: str
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """An action on a code: its texts, its form, and what it calls.

    `run` takes the coupon and the form, and returns the ID of the coupon whose page
    shows the result. `mirrors` is the view of the API whose scope it needs.
    """

    name: str
    mirrors: str
    button: str
    title: str
    text: str
    done: str
    run: Callable[..., str]
    is_offered: Callable[[IssuedCoupon, datetime], bool]
    entry: Field | None = None
    is_danger: bool = False
    count_codes: Callable[[IssuedCoupon], int] = field(default=lambda _: 1)


EXTEND = Action(
    name="extend",
    mirrors="coupons.change",
    button=N_("Change the expiry"),
    title=N_("Until when is this code valid?"),
    text=N_("The new expiry may be later or earlier, and holds for this code only."),
    done=N_("The expiry is changed."),
    run=change_expiry,
    is_offered=is_revocable,
    entry=Field(
        "expires_at",
        N_("Expires"),
        N_(
            "Such as 2030-01-31, the end of that day, or 2030-01-31T18:00. Empty: as "
            "its definition."
        ),
    ),
)
REVOKE = Action(
    name="revoke",
    mirrors="coupons.revoke",
    button=N_("Revoke"),
    title=N_("Revoke this code?"),
    text=N_("The code is refused immediately. You can restore it later."),
    done=N_("The code is revoked."),
    run=correct(administration.revoke),
    is_offered=is_revocable,
    is_danger=True,
)
RESTORE = Action(
    name="restore",
    mirrors="coupons.restore",
    button=N_("Restore"),
    title=N_("Restore this code?"),
    text=N_("The code is as valid as before it was revoked."),
    done=N_("The code is restored."),
    run=correct(corrections.restore),
    is_offered=is_revoked,
)
REISSUE = Action(
    name="reissue",
    mirrors="coupons.reissue",
    button=N_("Re-issue"),
    title=N_("Replace this code by another one?"),
    text=N_(
        "The player gets another code with the same reward. This code is revoked and "
        "cannot be restored. You see the new code next; send it to the player."
    ),
    done=N_("This is the new code. Send it to the player."),
    run=correct(corrections.reissue),
    is_offered=is_reissuable,
    is_danger=True,
)
ASSIGN = Action(
    name="assign",
    mirrors="codes.assign",
    button=N_("Assign to a player"),
    title=N_("Who gets this code?"),
    text=N_("Afterwards only this player can use the code. This cannot be undone."),
    done=N_("The code is assigned."),
    run=assign,
    is_offered=is_assignable,
    entry=Field(
        "user_id",
        N_("Player ID"),
        N_("As your game names the player."),
        is_required=True,
    ),
)
SUSPEND_BATCH = Action(
    name="suspend_batch",
    mirrors="batches.suspend",
    button=N_("Suspend its batch"),
    title=N_("Suspend the batch of this code?"),
    text=N_("All codes of the batch are refused until you resume it."),
    done=N_("The batch is suspended."),
    run=set_suspended(suspension.suspend, suspension.BATCHES, get_batch_id),
    is_offered=lambda issued, _: (
        bool(issued.coupon.batch_id) and not issued.batch_suspended_at
    ),
    is_danger=True,
    count_codes=count_batch,
)
RESUME_BATCH = Action(
    name="resume_batch",
    mirrors="batches.resume",
    button=N_("Resume its batch"),
    title=N_("Resume the batch of this code?"),
    text=N_("All codes of the batch are as valid as before."),
    done=N_("The batch is resumed."),
    run=set_suspended(suspension.resume, suspension.BATCHES, get_batch_id),
    is_offered=lambda issued, _: bool(issued.batch_suspended_at),
)
SUSPEND_DEFINITION = Action(
    name="suspend_definition",
    mirrors="definitions.suspend",
    button=N_("Suspend its definition"),
    title=N_("Suspend the definition of this code?"),
    text=N_("All codes of the definition are refused until you resume it."),
    done=N_("The definition is suspended."),
    run=set_suspended(suspension.suspend, suspension.DEFINITIONS, get_definition_id),
    is_offered=lambda issued, _: not issued.definition.suspended_at,
    is_danger=True,
    count_codes=lambda _: MAX_WITHOUT_TYPING + 1,  # counting them takes too long
)
RESUME_DEFINITION = Action(
    name="resume_definition",
    mirrors="definitions.resume",
    button=N_("Resume its definition"),
    title=N_("Resume the definition of this code?"),
    text=N_("All codes of the definition are as valid as before."),
    done=N_("The definition is resumed."),
    run=set_suspended(suspension.resume, suspension.DEFINITIONS, get_definition_id),
    is_offered=lambda issued, _: bool(issued.definition.suspended_at),
)
REVERSE = Action(
    name="reverse",
    mirrors="redemptions.reverse",
    button=N_("Give the use back"),
    title=N_("Give this use back?"),
    text=N_(
        "Every limit that counted the use counts it no longer, and the player can use "
        "the code again. Points that were paid are returned, and their coupon ends."
    ),
    done=N_("The use is given back."),
    run=reverse,
    is_offered=lambda *_: True,
    entry=Field(
        "reason", N_("Reason"), N_("Such as: order cancelled. You may leave it empty.")
    ),
    is_danger=True,
)
ACTIONS: Mapping[str, Action] = {
    action.name: action
    for action in (
        *(EXTEND, ASSIGN, RESTORE, REISSUE, REVOKE),
        *(SUSPEND_BATCH, RESUME_BATCH, SUSPEND_DEFINITION, RESUME_DEFINITION),
    )
}
"""The actions that a code's page offers, in the order of their buttons."""
