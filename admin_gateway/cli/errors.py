"""What a command that was refused or failed says: one sentence, never a traceback."""

from collections.abc import Callable, Mapping
from typing import Any

from cryptography.fernet import InvalidToken
from marshmallow import ValidationError

from admin_gateway.refusals import REFUSALS
from coupon_core.domain.models import AnyReason, Reason, Refused
from coupon_core.messaging.topology import BrokerUnavailable
from coupon_core.persistence import diagnostics
from coupon_core.persistence.diagnostics import DatabaseStatus
from coupon_core.schemas.csv_options import InvalidCsv
from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.validation_errors import convert_validation_error
from coupon_core.settings.loader import InvalidSettings


class CommandError(Exception):
    """A command could not do it; the text says why and what to do."""


WRONG_MASTER_KEY_MESSAGE = (
    "The database holds secrets that were sealed with another master key: put that "
    "key back into COUPON_MASTER_KEYS (the first seals, all open)."
)
BROKER_UNAVAILABLE_MESSAGE = (
    "Not done: {words}. Start it (`couponctl serve bus` is the embedded one), or mend "
    "COUPON_BROKER_URL."
)
# HTTP has its sentences for these in the query gateway, which is another program.
COUPON_REASON_MESSAGES: Mapping[AnyReason, str] = {
    Reason.REVOKED: "Coupon status: revoked",
    Reason.ALREADY_REDEEMED: "Coupon has already been redeemed",
    Reason.USED_UP: "Usage limit exceeded",
    Reason.ARCHIVED: "Coupon is no longer available",
    Reason.EXPIRED: "Coupon has expired",
    Reason.NOT_YET_ACTIVE: "Coupon not yet active",
    Reason.USER_LIMIT: "Usage limit exceeded",
    Reason.POOL_EMPTY: "Usage limit exceeded",
}
DATABASE_STATUS_MESSAGES: Mapping[DatabaseStatus, str] = {
    DatabaseStatus.UNREACHABLE: (
        "The database cannot be reached: {words}. "
        "Start it, or mend COUPON_DATABASE_URL."
    ),
    DatabaseStatus.WITHOUT_TABLES: (
        "The database has no tables yet: run `couponctl db upgrade`. Is it the one "
        "you mean? `couponctl config show` tells where it is."
    ),
    DatabaseStatus.OUTDATED: "The database is not up to date: run `couponctl db upgrade`.",
    DatabaseStatus.READY: "The database could not do it: {words}",
}


def database_status_message(status: DatabaseStatus, detail: str) -> str:
    """What to say of a database in that condition."""
    return DATABASE_STATUS_MESSAGES[status].format(words=detail.rstrip(".?"))


def _database_error_message(error: Exception) -> str:
    status, detail = diagnostics.check_status()
    return database_status_message(status, detail or " ".join(str(error).split()))


def reason_message(reason: AnyReason) -> str:
    """The sentence for a reason."""
    return (
        COUPON_REASON_MESSAGES[reason]
        if reason in COUPON_REASON_MESSAGES
        else REFUSALS[reason][2]
    )


def _refusal_message(error: Refused) -> str:
    return error.detail or reason_message(error.reason)


def _validation_error_message(error: ValidationError) -> str:
    return convert_validation_error(error).message


# Which sentence an exception is worth; what is not here is a fault of ours.
MESSAGE_FORMATTERS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (Refused, _refusal_message),
    (ValidationError, _validation_error_message),
    (InvalidCsv, lambda error: f"Invalid CSV file: {error.summary}"),
    (ApiError, lambda problem: problem.message),
    ((InvalidSettings, CommandError), str),
    (BrokerUnavailable, lambda error: BROKER_UNAVAILABLE_MESSAGE.format(words=error)),
    (diagnostics.DATABASE_ERRORS, _database_error_message),
    (InvalidToken, lambda _: WRONG_MASTER_KEY_MESSAGE),
)


def error_message(error: Exception) -> str | None:
    """The sentence for an error, or None when its traceback is needed."""
    for error_types, format_message in MESSAGE_FORMATTERS:
        if isinstance(error, error_types):
            return format_message(error)
    return None
