"""Messages about wrong values that name options instead of members of a body."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import rich_click as click

from admin_gateway.cli.errors import FAILED, WRONG_USAGE, CommandError, to_command_error
from admin_gateway.cli.param_types import describe_invalid_value, to_label
from coupon_core.domain.entered_times import LocalTime
from coupon_core.domain.timestamps import format_timestamp

OPTIONS_BY_PATH_KEY = "coupons.options_by_path"
VALIDATION_CODE = "VALIDATION_ERROR"
MISSING_PREFIX = "missing; "
NOT_FOUND_SUFFIX = " not found"
# By the code of an error: the parameter with the ID, and the command that lists all.
LIST_COMMANDS: Mapping[str, tuple[str, str]] = {
    "TENANT_NOT_FOUND": ("tenant_id", "tenant list"),
    "DEFINITION_NOT_FOUND": ("definition_id", "definition list"),
    "REWARD_ITEM_NOT_FOUND": ("item_id", "reward list"),
    "COUPON_NOT_FOUND": ("code", "code list"),
    "API_KEY_NOT_FOUND": ("key_id", "key list"),
    "CLIENT_KEY_NOT_FOUND": ("client_key_id", "client-key list"),
    "CAMPAIGN_NOT_FOUND": ("campaign_id", "campaign list"),
    "CREATOR_NOT_FOUND": ("creator_key", "creator list"),
    "PACKAGE_NOT_FOUND": ("package_id", "package list"),
    "USER_NOT_FOUND": ("user_id", "user list"),
    "BATCH_NOT_FOUND": ("batch_id", "batch list"),
    "REDEMPTION_NOT_FOUND": ("redemption_id", "redemption list"),
    "DEAD_LETTER_NOT_FOUND": ("letter_id", "event dead list"),
    "WEBHOOK_NOT_FOUND": ("webhook_id", "webhook list"),
    "DELIVERY_NOT_FOUND": ("delivery_id", "webhook logs {webhook_id}"),
}
UNDERSCORED = r"\b[a-z]+_[a-z_]+\b"
"""The names of members that are not words of a sentence, too, such as starts_at."""
MEMBER_MESSAGE = re.compile(r"(?P<path>[a-z_]+(?:\.[a-z_0-9]+)*): (?P<text>.+)", re.S)


def describe_errors(ctx: click.Context, error: Exception) -> CommandError | None:
    """Return the error of a command in terms of its options, if that is possible."""
    described = to_command_error(error)
    if described is None:
        return None
    if "ignore_columns" in ctx.params:
        described = _describe_file(described)
    text = _describe(ctx, described)
    if text is None:
        return described
    is_misuse = described.exit_code == FAILED
    exit_status = WRONG_USAGE if is_misuse else described.exit_code
    return CommandError(text, described.code, exit_status)


def _describe_file(error: CommandError) -> CommandError:
    from admin_gateway.cli.csv_options import to_cli_words

    details = [
        replace(detail, message=to_cli_words(detail.message))
        for detail in error.details
    ]
    text = to_cli_words(error.message)
    return CommandError(text, error.code, error.exit_code, details)


def _describe(ctx: click.Context, error: CommandError) -> str | None:
    """Return the message of an error by the options that caused it, if known."""
    if error.code == VALIDATION_CODE and error.details:
        texts = [
            _describe_member(ctx, detail.path, text=detail.message)
            for detail in error.details
        ]
        return " ".join(map(str, texts)) if all(texts) else None
    match = MEMBER_MESSAGE.fullmatch(error.message)
    text = (
        _describe_member(ctx, match["path"], text=match["text"])
        if match
        else _describe_not_found(ctx, error)
    )
    return text or _describe_members(ctx, error.message)


def _describe_not_found(ctx: click.Context, error: CommandError) -> str | None:
    """Return which ID was not found, and the command that lists those that exist."""
    parameter, command = LIST_COMMANDS.get(error.code, ("", ""))
    value = ctx.params.get(parameter)
    if value is None or not error.message.endswith(NOT_FOUND_SUFFIX):
        return None
    subject = error.message.removesuffix(NOT_FOUND_SUFFIX)
    command = command.format(**ctx.params)
    if parameter == "tenant_id":
        command += "` shows all tenants"
    else:
        tenant_id = ctx.params.get("tenant_id")
        command += (f" --tenant {tenant_id}" if tenant_id else "") + "` shows all"
    # If several IDs are possible, the message names the one that does not exist.
    named = subject if subject.endswith('"') else f'{subject} "{value}"'
    return f"{named} not found; `couponctl {command}"


def _describe_member(ctx: click.Context, path: str, text: str) -> str | None:
    parameter, rest = _find_parameter(ctx, path)
    if parameter is None:
        return None
    value = ctx.params[parameter.name or ""]
    if text.startswith("expected either "):
        return _with_options(ctx, f"E{text[1:]}.")
    if value in (None, ()):
        if ctx.params.get("body_file") or not text.startswith(MISSING_PREFIX):
            return None
        expected = text[len(MISSING_PREFIX) :]
        return f"Missing {to_label(parameter)}: {expected}."
    if isinstance(value, Mapping):
        value, text = "", f"{path}: {text}"
    if isinstance(value, tuple | list):
        value = value[int(rest)] if rest.isdecimal() and int(rest) < len(value) else ""
    if isinstance(value, datetime):
        value = format_timestamp(value)
    if isinstance(value, LocalTime):
        value = value.text
    return describe_invalid_value(
        parameter, value, text=_with_options(ctx, text, UNDERSCORED)
    )


def _describe_members(ctx: click.Context, message: str) -> str | None:
    """Return a message about several members, or about defaults, by their options."""
    head, separator, text = message.partition(": ")
    labels = {each.name: to_label(each) for each in ctx.command.params}
    names = head.split(", ")
    if not separator or not labels.keys() >= set(names):
        return None
    return f"Invalid {' or '.join(labels[name] for name in names)}: {text}."


def _find_parameter(
    ctx: click.Context, path: str
) -> tuple[click.Parameter | None, str]:
    """Return the parameter of a member, and the rest of the path below it."""
    names: Mapping[str, str] = ctx.meta.get(OPTIONS_BY_PATH_KEY, {})
    parameters = {parameter.name: parameter for parameter in ctx.command.params}
    head, _, rest = path.partition(".")
    if path in names:
        return parameters.get(names[path]), ""
    return parameters.get(head), rest


def _with_options(ctx: click.Context, text: str, words: str = r"\w+") -> str:
    labels = {
        parameter.name: to_label(parameter)
        for parameter in ctx.command.params
        if parameter.name
    }
    return re.sub(words, lambda match: labels.get(match[0], match[0]), text)
