"""Errors of the core as errors of commands, for what runs beside the database."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.fernet import InvalidToken
from marshmallow import ValidationError

from admin_gateway.cli.errors import EXIT_STATUSES, FAILED, CommandError
from coupon_core.domain.models import AnyReason, Reason, Refused
from coupon_core.messaging.topology import BrokerUnavailable
from coupon_core.observability.error_causes import (
    ACCESS_REFUSED,
    SCHEMA_MISMATCH,
    find_cause,
)
from coupon_core.persistence import diagnostics, running_processes, schema, sqlite_copy
from coupon_core.persistence.diagnostics import DatabaseStatus
from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.validation_errors import convert_validation_error
from coupon_core.services.backups import BackupRefused
from coupon_core.settings.loader import InvalidSettings

WRONG_MASTER_KEY_MESSAGE = (
    "The secrets in the database are encrypted with another master key. Add that key "
    "to COUPON_MASTER_KEYS (the first key encrypts, all keys decrypt)."
)
DIRECT_CONNECTION_MESSAGE = (
    "COUPON_DATABASE_URL leads to a pooler such as PgBouncer, which does not keep the "
    "lock of this command. For this command, set it to that of PostgreSQL itself."
)
START_BROKER_ADVICE = (
    "Start it (`couponctl serve bus` runs the embedded bus) or correct "
    "COUPON_BROKER_URL."
)
REFUSED_USER_ADVICE = (
    "Correct user and password in COUPON_BROKER_URL. If it is not set, the bus on "
    "BUS_PORT was started with another COUPON_DATA_DIR: use that, or another port."
)
DATABASE_STATUS_MESSAGES: Mapping[DatabaseStatus, str] = {
    DatabaseStatus.UNUSABLE: "The database cannot be used: {detail}. {advice}",
    DatabaseStatus.WITHOUT_TABLES: (
        "The database has no tables. Run `couponctl db upgrade`; if this is the wrong "
        "database, check COUPON_DATABASE_URL with `couponctl config show`."
    ),
    DatabaseStatus.OUTDATED: (
        "The database is not up to date. Run `couponctl db upgrade`."
    ),
    DatabaseStatus.INCOMPATIBLE: (
        "A newer release has removed what this release needs from the database. "
        "Install the newer release on this machine."
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
        detail=_driver_words(error).rstrip("."), advice=advice
    )


def _driver_words(error: Exception | None) -> str:
    """Return the message of the driver without statements, questions and hints."""
    diagnosis = getattr(getattr(error, "orig", None), "diag", None)
    words = getattr(diagnosis, "message_primary", None) or str(error or "")
    # libpq indents the lines in which it asks about the cause.
    return " ".join(" ".join(re.split(r"\n\t.*", words)).split())


def _convert_database_error(error: Exception) -> CommandError:
    """Return the driver's words, or how to get the tables if one is missing."""
    status, connection_error = diagnostics.check_status()
    if status != DatabaseStatus.UNUSABLE and find_cause(error) != SCHEMA_MISMATCH:
        status = DatabaseStatus.READY  # migrations may be missing, but that is not why
    message = database_status_message(status, connection_error or error)
    return CommandError(message, "DATABASE_ERROR")


def _convert_old_processes(error: schema.OldProcessesRunning) -> CommandError:
    processes = "; ".join(map(str, error.processes))
    return CommandError(
        f"Migration {error.migration} removes what processes of an older release need: "
        f"{processes}. Replace or stop them, then run `couponctl db upgrade` again; a "
        f"killed process counts as running for "
        f"{running_processes.MAX_SILENCE.seconds} seconds.",
        "OLD_PROCESSES_RUNNING",
    )


def broker_unavailable_message(error: BrokerUnavailable) -> str:
    """Return the message for a broker that does not respond or refuses the user."""
    is_refused = find_cause(error.__cause__) == ACCESS_REFUSED
    advice = REFUSED_USER_ADVICE if is_refused else START_BROKER_ADVICE
    return f"The bus is unavailable: {error}. {advice}"


def _get_refusal(reason: AnyReason) -> tuple[int, str, str]:
    """Return the HTTP status, the code and the text of a reason."""
    # Late: the tables import Flask, which no other part of a command needs.
    from admin_gateway.refusals import ALL_REFUSALS
    from coupon_core.web.coupon_refusals import REFUSALS as COUPON_REFUSALS

    if isinstance(reason, Reason) and reason not in ALL_REFUSALS:
        return COUPON_REFUSALS[reason].phoenix_redeem
    return ALL_REFUSALS[reason]


def _convert_refusal(error: Refused) -> CommandError:
    status, code, text = _get_refusal(error.reason)
    return CommandError(error.detail or text, code, EXIT_STATUSES.get(status, FAILED))


def _convert_api_error(error: ApiError) -> CommandError:
    exit_status = EXIT_STATUSES.get(error.status, FAILED)
    return CommandError(error.message, error.code, exit_status, error.details)


# Exception types and how to convert them. An exception of another type is a bug, so its
# traceback is shown.
CONVERTERS: tuple[tuple[Any, Callable[[Any], CommandError]], ...] = (
    (Refused, _convert_refusal),
    (ValidationError, lambda e: _convert_api_error(convert_validation_error(e))),
    (ApiError, _convert_api_error),
    (InvalidSettings, lambda e: CommandError(str(e), "INVALID_SETTINGS")),
    (
        BrokerUnavailable,
        lambda e: CommandError(broker_unavailable_message(e), "BROKER_UNAVAILABLE"),
    ),
    (
        schema.DirectConnectionRequired,
        lambda _: CommandError(DIRECT_CONNECTION_MESSAGE),
    ),
    (schema.OldProcessesRunning, _convert_old_processes),
    (diagnostics.DATABASE_ERRORS, _convert_database_error),
    (sqlite_copy.CopyRefused, lambda e: CommandError(str(e), "COPY_REFUSED")),
    (BackupRefused, lambda e: CommandError(str(e), "BACKUP_REFUSED")),
    (InvalidToken, lambda _: CommandError(WRONG_MASTER_KEY_MESSAGE, "WRONG_KEY")),
)


def convert_core_error(error: Exception) -> CommandError | None:
    """Return the error for people, or None if its traceback is needed."""
    for error_types, convert in CONVERTERS:
        if isinstance(error, error_types):
            return convert(error)
    return None
