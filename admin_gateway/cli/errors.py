"""What a command that was refused or failed says: one sentence, never a traceback."""

from collections.abc import Callable, Mapping
from typing import Any

from cryptography.fernet import InvalidToken
from marshmallow import ValidationError

from admin_gateway.refusals import REFUSALS
from coupon_core.domain.models import AnyReason, Reason, Refused
from coupon_core.messaging.topology import BusAway
from coupon_core.persistence import diagnostics
from coupon_core.persistence.diagnostics import Condition
from coupon_core.schemas.errors import Problem
from coupon_core.schemas.validation_errors import from_validation
from coupon_core.settings.loader import BadSettings


class Failed(Exception):
    """A command could not do it; the text says why and what to do."""


OTHER_MASTER_KEY = (
    "The database holds secrets that were sealed with another master key: put that "
    "key back into COUPON_MASTER_KEYS (the first seals, all open)."
)
BUS_AWAY = (
    "Not done: {words}. Start it (`couponctl serve bus` is the embedded one), or mend "
    "COUPON_BROKER_URL."
)
# HTTP has its sentences for these in the query gateway, which is another program.
COUPONS: Mapping[AnyReason, str] = {
    Reason.REVOKED: "Coupon status: revoked",
    Reason.ALREADY_REDEEMED: "Coupon has already been redeemed",
    Reason.USED_UP: "Usage limit exceeded",
    Reason.ARCHIVED: "Coupon is no longer available",
    Reason.EXPIRED: "Coupon has expired",
    Reason.NOT_YET_ACTIVE: "Coupon not yet active",
    Reason.USER_LIMIT: "Usage limit exceeded",
    Reason.POOL_EMPTY: "Usage limit exceeded",
}
CONDITIONS: Mapping[Condition, str] = {
    Condition.UNREACHABLE: (
        "The database cannot be reached: {words}. "
        "Start it, or mend COUPON_DATABASE_URL."
    ),
    Condition.WITHOUT_TABLES: (
        "The database has no tables yet: run `couponctl db upgrade`. Is it the one "
        "you mean? `couponctl config show` tells where it is."
    ),
    Condition.OUTDATED: "The database is not up to date: run `couponctl db upgrade`.",
    Condition.GOOD: "The database could not do it: {words}",
}


def condition_text(found: Condition, words: str) -> str:
    """What to say of a database in that condition."""
    return CONDITIONS[found].format(words=words.rstrip(".?"))


def _of_database(error: Exception) -> str:
    found, words = diagnostics.condition()
    return condition_text(found, words or " ".join(str(error).split()))


def reason_text(reason: AnyReason) -> str:
    """The sentence for a reason."""
    return COUPONS[reason] if reason in COUPONS else REFUSALS[reason][2]


def _of_refusal(error: Refused) -> str:
    return error.detail or reason_text(error.reason)


def _of_input(error: ValidationError) -> str:
    return from_validation(error).message


# Which sentence an exception is worth; what is not here is a fault of ours.
SENTENCES: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (Refused, _of_refusal),
    (ValidationError, _of_input),
    (Problem, lambda problem: problem.message),
    ((BadSettings, Failed), str),
    (BusAway, lambda error: BUS_AWAY.format(words=error)),
    (diagnostics.FAILURES, _of_database),
    (InvalidToken, lambda _: OTHER_MASTER_KEY),
)


def sentence_of(error: Exception) -> str | None:
    """The sentence for an error, or None when its traceback is needed."""
    for kinds, tell in SENTENCES:
        if isinstance(error, kinds):
            return tell(error)
    return None
