"""Messages about wrong values that name options instead of members of a body."""

import re
from collections.abc import Mapping
from datetime import datetime

import rich_click as click
from marshmallow import ValidationError

from admin_gateway.cli.errors import (
    FAILED,
    WRONG_USAGE,
    CommandError,
    to_command_error,
)
from admin_gateway.cli.options import describe_invalid_value, to_label
from coupon_core.domain.models import AdminReason, Refused
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.validation_errors import convert_validation_error

OPTIONS_BY_PATH_KEY = "coupons.options_by_path"
MISSING_PREFIX = "missing; "
UNKNOWN_TENANT_MESSAGE = (
    'Tenant "{}" not found; `couponctl tenant list` shows all tenants'
)
MEMBER_MESSAGE = re.compile(r"(?P<path>[a-z_]+(?:\.[a-z_0-9]+)*): (?P<text>.+)", re.S)


def describe_errors(ctx: click.Context, error: Exception) -> CommandError | None:
    """Return the error of a command in terms of its options, if that is possible."""
    if isinstance(error, ValidationError):
        problem = convert_validation_error(error)
        first, remaining_count = problem.details[0], len(problem.details) - 1
        suffix = f" (and {remaining_count} more)" if remaining_count else ""
        text = _describe_member(ctx, first.path, text=first.message, suffix=suffix)
        return CommandError(text, problem.code, WRONG_USAGE) if text else None
    described = to_command_error(error)
    if described is None or not isinstance(error, Refused):
        return described
    match = MEMBER_MESSAGE.fullmatch(described.message)
    tenant_id = ctx.params.get("tenant_id")
    if error.reason == AdminReason.TENANT_NOT_FOUND and tenant_id:
        text = UNKNOWN_TENANT_MESSAGE.format(tenant_id)
    else:
        text = match and _describe_member(ctx, match["path"], text=match["text"])
    is_misuse = text and described.exit_code == FAILED
    exit_status = WRONG_USAGE if is_misuse else described.exit_code
    return CommandError(text or described.message, described.code, exit_status)


def _describe_member(
    ctx: click.Context, path: str, text: str, suffix: str = ""
) -> str | None:
    parameter, rest = _find_parameter(ctx, path)
    if parameter is None:
        return None
    value = ctx.params[parameter.name or ""]
    if text.startswith("expected either "):
        return _with_options(ctx, f"E{text[1:]}{suffix or '.'}")
    if value in (None, ()):
        if ctx.params.get("body_file") or not text.startswith(MISSING_PREFIX):
            return None
        expected = text[len(MISSING_PREFIX) :]
        return f"Missing {to_label(parameter)}: {expected}{suffix or '.'}"
    if isinstance(value, Mapping):
        value, text = "", f"{path}: {text}"
    if isinstance(value, tuple | list):
        value = value[int(rest)] if rest.isdecimal() and int(rest) < len(value) else ""
    if isinstance(value, datetime):
        value = format_timestamp(value)
    return describe_invalid_value(parameter, value, text=text + suffix)


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


def _with_options(ctx: click.Context, text: str) -> str:
    labels = {
        parameter.name: to_label(parameter)
        for parameter in ctx.command.params
        if parameter.name
    }
    return re.sub(r"\w+", lambda match: labels.get(match[0], match[0]), text)
