"""Command line options of a definition, converted to the body of the admin API."""

from collections.abc import Callable
from typing import Any

import rich_click as click
from click import get_current_context

from admin_gateway.cli.option_errors import OPTIONS_BY_PATH_KEY
from admin_gateway.cli.options import body_file_option, read_body
from coupon_core.domain.models import CodeAlphabet, Trigger
from coupon_core.domain.serialization import TRIGGER_MEMBERS

ALPHABET_CHOICE = click.Choice([alphabet.value for alphabet in CodeAlphabet])
TRIGGER_CHOICE = click.Choice([trigger.value for trigger in Trigger])

# Option, parameter name, path in the request body, attributes of the option. Options
# with an empty path are combined by `_build_usage_limit` and `_build_trigger`.
FIELD_OPTIONS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("--name", "name", "name", {"help": "Name, unique within the tenant."}),
    (
        "--description",
        "description",
        "description",
        {"help": "Description for people."},
    ),
    ("--reward", "reward", "config.reward_item_id", {"help": "Reward item ID."}),
    ("--prefix", "prefix", "config.code_prefix", {"help": "Prefix of random codes."}),
    (
        "--length",
        "length",
        "config.code_length",
        {"type": int, "help": "Length of random codes without the prefix."},
    ),
    (
        "--pattern",
        "pattern",
        "config.code_pattern",
        {"help": "Replaces --prefix and --length: # digit, ? letter, * either one."},
    ),
    (
        "--check/--no-check",
        "check",
        "config.code_check",
        {
            "default": None,
            "help": "End codes with a check character that detects typos.",
        },
    ),
    (
        "--alphabet",
        "alphabet",
        "config.code_alphabet",
        {"type": ALPHABET_CHOICE, "help": "Characters of random codes."},
    ),
    (
        "--code",
        "code",
        "config.custom_code",
        {"help": "One shared code for all users instead of random codes."},
    ),
    (
        "--case-sensitive/--any-case",
        "case_sensitive",
        "config.case_sensitive",
        {"default": None, "help": "Whether codes are case-sensitive."},
    ),
    (
        "--claimable/--not-claimable",
        "claimable",
        "config.claimable",
        {"default": None, "help": "Whether any user may redeem the code of --code."},
    ),
    (
        "--starts",
        "starts",
        "config.starts_at",
        {"help": "Valid from, for example 2030-01-31T12:00:00Z."},
    ),
    (
        "--expires",
        "expires",
        "config.expires_at",
        {"help": "Valid until, for example 2030-12-31T23:59:59Z."},
    ),
    (
        "--per-user",
        "per_user",
        "",
        {"type": int, "help": "Maximum redemptions of a code per user."},
    ),
    (
        "--total",
        "total",
        "",
        {"type": int, "help": "Maximum redemptions of all users together."},
    ),
    ("--unlimited", "unlimited", "", {"is_flag": True, "help": "No redemption limit."}),
    (
        "--trigger",
        "trigger",
        "",
        {"type": TRIGGER_CHOICE, "help": "Event that earns a coupon."},
    ),
    (
        "--source",
        "source",
        "",
        {"help": "With --trigger: ID of the streak, achievement or leaderboard."},
    ),
    (
        "--threshold",
        "threshold",
        "",
        {
            "type": int,
            "help": "With --trigger: milestone of the streak, or lowest rank.",
        },
    ),
)
BODY_PATHS = {name: path for _, name, path, _ in FIELD_OPTIONS if path}


def definition_field_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that describe a definition to a command."""
    for option, name, _, attributes in reversed(FIELD_OPTIONS):
        command = click.option(option, name, **attributes)(command)
    return body_file_option(command)


def build_body(body_file: Any, **options: Any) -> dict[str, Any]:
    """Build the request body from --file and the options; options override the file."""
    get_current_context().meta[OPTIONS_BY_PATH_KEY] = {
        **{path: name for name, path in BODY_PATHS.items()},
        "config.usage_limit.max_uses": (
            "per_user" if options["per_user"] is not None else "total"
        ),
    }
    document = read_body(body_file)
    for name, path in BODY_PATHS.items():
        if options[name] is not None:
            _set_path(document, path, value=options[name])
    if options["code"]:
        _set_path(document, "config.code_format", value="custom")
    for path, value in {
        **_build_usage_limit(**options),
        **_build_trigger(**options),
    }.items():
        _set_path(document, path, value=value)
    return document


def _set_path(document: dict[str, Any], path: str, value: Any) -> None:
    *steps, last = path.split(".")
    for step in steps:
        document = document.setdefault(step, {})
    document[last] = value


def _build_usage_limit(
    per_user: int | None, total: int | None, unlimited: bool, **_: Any
) -> dict[str, Any]:
    limits = [
        {"limit_type": limit_type, "max_uses": uses}
        for limit_type, uses in (("per_user", per_user), ("global", total))
        if uses is not None
    ] + [{"limit_type": "unlimited"}] * unlimited
    if len(limits) > 1:
        raise click.UsageError("Use only one of --per-user, --total, --unlimited.")
    return {"config.usage_limit": limits[0]} if limits else {}


def _build_trigger(
    trigger: str | None, source: str | None, threshold: int | None, **_: Any
) -> dict[str, Any]:
    if trigger is None:
        if source is not None or threshold is not None:
            raise click.UsageError("--source and --threshold require --trigger.")
        return {}
    names = TRIGGER_MEMBERS[Trigger(trigger)]
    pairs = zip(names, (source, threshold), strict=True)
    config = {name: value for name, value in pairs if name and value is not None}
    auto_generate = {"enabled": True, "trigger": trigger, "trigger_config": config}
    return {"config.auto_generate": auto_generate}
