"""Command line options of a definition, converted to the body of the admin API."""

from collections.abc import Callable
from typing import Any

import rich_click as click

from admin_gateway.cli.options import body_file_option, read_body
from coupon_core.domain.models import CodeAlphabet, Trigger
from coupon_core.domain.serialization import TRIGGER_MEMBERS

ALPHABET_CHOICE = click.Choice([alphabet.value for alphabet in CodeAlphabet])
TRIGGER_CHOICE = click.Choice([trigger.value for trigger in Trigger])

# Option, parameter name, path in the request body, attributes of the option. Options
# with an empty path are combined by `_build_usage_limit` and `_build_trigger`.
FIELD_OPTIONS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("--name", "name", "name", {"help": "Its name, unique in its tenant."}),
    ("--description", "description", "description", {"help": "For people."}),
    ("--reward", "reward", "config.reward_item_id", {"help": "Id of the reward item."}),
    ("--prefix", "prefix", "config.code_prefix", {"help": "Random codes begin so."}),
    (
        "--length",
        "length",
        "config.code_length",
        {"type": int, "help": "Characters of random codes, prefix not counted."},
    ),
    (
        "--pattern",
        "pattern",
        "config.code_pattern",
        {"help": "Instead of --prefix and --length: # digit, ? letter, * either."},
    ),
    (
        "--check/--no-check",
        "check",
        "config.code_check",
        {
            "default": None,
            "help": "Whether codes end in a character that tells typing errors.",
        },
    ),
    (
        "--alphabet",
        "alphabet",
        "config.code_alphabet",
        {"type": ALPHABET_CHOICE, "help": "What random codes are made of."},
    ),
    (
        "--code",
        "code",
        "config.custom_code",
        {"help": "One code for all users, instead of random ones."},
    ),
    (
        "--case-sensitive/--any-case",
        "case_sensitive",
        "config.case_sensitive",
        {"default": None, "help": "Whether case matters in codes."},
    ),
    (
        "--claimable/--not-claimable",
        "claimable",
        "config.claimable",
        {"default": None, "help": "Whether any user may redeem the custom code."},
    ),
    (
        "--starts",
        "starts",
        "config.starts_at",
        {"help": "From when it is good, as 2030-01-31T12:00:00Z."},
    ),
    (
        "--expires",
        "expires",
        "config.expires_at",
        {"help": "Until when it is good."},
    ),
    ("--per-user", "per_user", "", {"type": int, "help": "Uses a user has of a code."}),
    ("--total", "total", "", {"type": int, "help": "Uses of all users together."}),
    ("--unlimited", "unlimited", "", {"is_flag": True, "help": "No limit of uses."}),
    (
        "--trigger",
        "trigger",
        "",
        {"type": TRIGGER_CHOICE, "help": "What earns a coupon."},
    ),
    (
        "--source",
        "source",
        "",
        {"help": "With --trigger: id of the streak, achievement or leaderboard."},
    ),
    (
        "--threshold",
        "threshold",
        "",
        {"type": int, "help": "With --trigger: the streak's milestone, or worst rank."},
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
        {"limit_type": limit_type, **({"max_uses": uses} if uses else {})}
        for limit_type, uses in (("per_user", per_user), ("global", total))
        if uses is not None
    ] + [{"limit_type": "unlimited"}] * unlimited
    if len(limits) > 1:
        raise click.UsageError("Give one of --per-user, --total, --unlimited.")
    return {"config.usage_limit": limits[0]} if limits else {}


def _build_trigger(
    trigger: str | None, source: str | None, threshold: int | None, **_: Any
) -> dict[str, Any]:
    if trigger is None:
        if source is not None or threshold is not None:
            raise click.UsageError("Give --trigger with --source and --threshold.")
        return {}
    names = TRIGGER_MEMBERS[Trigger(trigger)]
    pairs = zip(names, (source, threshold), strict=True)
    config = {name: value for name, value in pairs if name and value is not None}
    auto_generate = {"enabled": True, "trigger": trigger, "trigger_config": config}
    return {"config.auto_generate": auto_generate}
