"""Errors of commands: one sentence and an exit status, no traceback."""

import errno
from collections.abc import Sequence
from typing import Any, NamedTuple

import rich_click as click

from admin_gateway.cli.tables import escape_controls
from coupon_core.schemas.errors import ErrorDetail
from coupons_sdk.errors import (
    ApiError,
    ConfigurationError,
    ConnectionFailed,
    CouponsError,
)

FAILED, WRONG_USAGE, NOT_AUTHORIZED, NOT_FOUND, CONFLICT = range(1, 6)
# Exit statuses of refusals, by the status of the admin API; all others are `FAILED`.
EXIT_STATUSES = {
    401: NOT_AUTHORIZED,
    403: NOT_AUTHORIZED,
    404: NOT_FOUND,
    409: CONFLICT,
}
# Words of the SDK in its errors, and what they are for a command.
SDK_WORDS = {
    "Pass credentials as ApiKey, Hmac or TenantToken, never in a URL, because": (
        "Set COUPON_API_KEY, or run `couponctl login`:"
    ),
    "or pass a transport that has it": "or set SSL_CERT_FILE to its file",
    "Invalid base_url": "Invalid address of the server",
    "base_url": "the address of the server",
    " seconds (timeout)": " seconds",
}
MAX_PRINTED_DETAILS = 20
# What a server says without knowing what the command calls, by its code.
MESSAGES_ABOUT_SERVERS = {
    "INVALID_API_KEY": "{message}: {server} does not know it, or it is revoked or "
    "expired. Set COUPON_API_KEY, or store another key with `couponctl login`.",
    "AUTH_001": "{message}: COUPON_TENANT_SECRET is not a secret of the "
    'tenant "{tenant_id}" on {server}.',
    "ACCESS_DENIED": '{message}: the credential does not belong to the tenant "'
    '{tenant_id}" of {server}.',
    "NOT_FOUND": "{message}. Is {server} the address of {gateway}?",
    "AUTH_002": "{message}. Is {server} the address of {gateway}?",
}
PLACE_KEY = "coupons.place"


class Place(NamedTuple):
    """The server that a command calls, the tenant, and the kind of gateway expected."""

    server: str
    tenant_id: str
    gateway: str = "an admin gateway"


class CommandError(click.ClickException):
    """A command failed; the message says why and what to do next.

    `code` is the stable code of the admin API, where there is one. `notice` says to
    which server the command has written.
    """

    notice = ""

    def __init__(
        self,
        message: str,
        code: str = "FAILED",
        exit_status: int = FAILED,
        details: Sequence[ErrorDetail] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.exit_code = exit_status  # type: ignore[misc]  # click declares a constant
        self.details = details

    def show(self, file: Any = None) -> None:
        """Print the details, if the message does not name all of them, and it."""
        if self.details[1:]:
            for detail in self.details[:MAX_PRINTED_DETAILS]:
                text = f"{detail.path}: {detail.message}"
                click.echo(escape_controls(text), err=True)
        super().show(file)

    def format_message(self) -> str:
        """Return the message, in which there may be words of a server."""
        return escape_controls(super().format_message())


def to_command_error(error: Exception) -> CommandError | None:
    """Return the error for people, or None if its traceback is needed."""
    if isinstance(error, CommandError):
        return error
    if isinstance(error, ApiError):
        return _convert_answer(error)
    if isinstance(error, CouponsError):
        text = _to_words_of_commands(str(error))
        if isinstance(error, ConfigurationError):
            return CommandError(text, "USAGE", WRONG_USAGE)
        code = "NO_ANSWER" if isinstance(error, ConnectionFailed) else "FAILED"
        return CommandError(text, code)
    if isinstance(error, OSError) and error.errno not in (None, errno.EPIPE):
        place = f"{error.filename}: " if error.filename else ""
        return CommandError(f"{place}{error.strerror}.", "FILE_ERROR")
    from admin_gateway.cli.core_errors import convert_core_error  # imports the core

    return convert_core_error(error)


def _to_words_of_commands(text: str) -> str:
    words = text
    for word, replacement in SDK_WORDS.items():
        words = words.replace(word, replacement)
    # What the server says may begin with the name of a member.
    return text if words == text else words[:1].upper() + words[1:]


def _find_place() -> Place | None:
    context = click.get_current_context(silent=True)
    place: Place | None = context.meta.get(PLACE_KEY) if context else None
    return place


def _convert_answer(error: ApiError) -> CommandError:
    details = [
        ErrorDetail(
            str(item.get("message")), str(item.get("path")), item.get("target", "body")
        )
        for item in error.details
    ]
    # Without a code it is no answer of a gateway, which could say what is not there.
    exit_status = EXIT_STATUSES.get(error.status, FAILED) if error.code else FAILED
    message = _to_words_of_commands(error.message)
    if (place := _find_place()) and error.code in MESSAGES_ABOUT_SERVERS:
        template = MESSAGES_ABOUT_SERVERS[error.code]
        message = error.message.removesuffix(f". {error.advice}")
        message = template.format(message=message, **place._asdict())
    return CommandError(message, error.code or "FAILED", exit_status, details)
