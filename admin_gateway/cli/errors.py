"""Messages for commands that were refused or failed: one sentence, no traceback."""

from collections.abc import Callable, Mapping
from typing import Any

from cryptography.fernet import InvalidToken
from marshmallow import ValidationError

from admin_gateway.refusals import REFUSALS
from coupon_core.domain.models import AnyReason, Reason, Refused
from coupon_core.messaging.topology import BrokerUnavailable
from coupon_core.observability.error_causes import SCHEMA_MISMATCH, find_cause
from coupon_core.persistence import diagnostics
from coupon_core.persistence.diagnostics import DatabaseStatus
from coupon_core.schemas.csv_options import InvalidCsv
from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.validation_errors import convert_validation_error
from coupon_core.settings.loader import InvalidSettings


class CommandError(Exception):
    """A command failed; the message says why and what to do next."""


WRONG_MASTER_KEY_MESSAGE = (
    "The secrets in the database are encrypted with another master key. Add that key "
    "to COUPON_MASTER_KEYS (the first key encrypts, all keys decrypt)."
)
BROKER_UNAVAILABLE_MESSAGE = (
    "The bus is unavailable: {detail}. Start it (`couponctl serve bus` runs the "
    "embedded bus) or correct COUPON_BROKER_URL."
)
# The HTTP texts for these reasons belong to the query gateway, a separate program
# that must not be imported here.
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
    DatabaseStatus.UNREACHABLE: "The database cannot be reached: {detail}. {advice}",
    DatabaseStatus.WITHOUT_TABLES: (
        "The database has no tables. Run `couponctl db upgrade`; if this is the wrong "
        "database, check COUPON_DATABASE_URL with `couponctl config show`."
    ),
    DatabaseStatus.OUTDATED: (
        "The database is not up to date. Run `couponctl db upgrade`."
    ),
    DatabaseStatus.READY: "The database reported an error: {detail}. {advice}",
}
UNKNOWN_CAUSE_ADVICE = "Check the server and COUPON_DATABASE_URL."


def database_status_message(
    status: DatabaseStatus, error: Exception | None = None
) -> str:
    """Return the message for a database in that status, with the driver's words."""
    cause = find_cause(error)
    advice = cause.advice if cause else UNKNOWN_CAUSE_ADVICE
    return DATABASE_STATUS_MESSAGES[status].format(
        detail=_driver_words(error).rstrip(".?"), advice=advice
    )


def _driver_words(error: Exception | None) -> str:
    """Return the message of the driver without the statement that PostgreSQL quotes."""
    diagnosis = getattr(getattr(error, "orig", None), "diag", None)
    words = getattr(diagnosis, "message_primary", None) or str(error or "")
    return " ".join(words.split())


def _database_error_message(error: Exception) -> str:
    """Return the driver's words, or how to get the tables if one is missing."""
    status, connection_error = diagnostics.check_status()
    if status != DatabaseStatus.UNREACHABLE and find_cause(error) != SCHEMA_MISMATCH:
        status = DatabaseStatus.READY  # migrations may be missing, but that is not why
    return database_status_message(status, connection_error or error)


def reason_message(reason: AnyReason) -> str:
    """Return the message for a reason to refuse."""
    return (
        COUPON_REASON_MESSAGES[reason]
        if reason in COUPON_REASON_MESSAGES
        else REFUSALS[reason][2]
    )


def _refusal_message(error: Refused) -> str:
    return error.detail or reason_message(error.reason)


def _validation_error_message(error: ValidationError) -> str:
    return convert_validation_error(error).message


# Exception types and how to format their message. An exception of another type is a
# bug, so its traceback is shown.
MESSAGE_FORMATTERS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (Refused, _refusal_message),
    (ValidationError, _validation_error_message),
    (InvalidCsv, lambda error: f"Invalid CSV file: {error.summary}"),
    (ApiError, lambda problem: problem.message),
    ((InvalidSettings, CommandError), str),
    (BrokerUnavailable, lambda error: BROKER_UNAVAILABLE_MESSAGE.format(detail=error)),
    (diagnostics.DATABASE_ERRORS, _database_error_message),
    (InvalidToken, lambda _: WRONG_MASTER_KEY_MESSAGE),
)


def error_message(error: Exception) -> str | None:
    """Return the message for an error, or None if its traceback is needed."""
    for error_types, format_message in MESSAGE_FORMATTERS:
        if isinstance(error, error_types):
            return format_message(error)
    return None
