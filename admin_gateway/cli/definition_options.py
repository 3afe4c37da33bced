"""Command line options of a definition, converted to the body of the admin API."""

from typing import Any

import rich_click as click
from click import get_current_context

from admin_gateway.cli.definition_limits import (
    LIMIT_MEMBERS,
    build_limits,
    drop_overridden_limits,
    limit_and_refill_options,
)
from admin_gateway.cli.names import ID_TYPES, id_option
from admin_gateway.cli.option_errors import OPTIONS_BY_PATH_KEY
from admin_gateway.cli.options import (
    TIME_EXAMPLES,
    body_file_option,
    combine_options,
    metadata_option,
    parse_body_file,
)
from admin_gateway.cli.param_types import EnumChoice
from coupon_core.domain.models import CodeAlphabet, Trigger
from coupon_core.domain.serialization import TRIGGER_MEMBERS

# By the names of the options, with which they come from the command line.
CONFIG_MEMBERS = (
    *("reward_item_id", "code_prefix", "code_length", "code_pattern", "code_check"),
    *("code_alphabet", "custom_code", "case_sensitive", "claimable", "time_zone"),
    *("starts_at", "expires_at", "hot"),
)
BODY_PATHS = {
    **{name: name for name in ("name", "description", "campaign_id", "metadata")},
    **{name: f"config.{name}" for name in CONFIG_MEMBERS},
}

# The options that describe a definition. Those with the name of a member are it;
# `build_definition` combines the others.
definition_field_options = combine_options(
    click.option("--name", help="Name, unique within the tenant."),
    click.option("--description", help="Description for people."),
    click.option(
        "--reward",
        "reward_item_id",
        type=ID_TYPES["item_id"],
        help="ID or name of a reward item; `reward list` shows all.",
    ),
    click.option("--prefix", "code_prefix", help="Prefix of random codes."),
    click.option(
        "--length",
        "code_length",
        type=int,
        help="Length of random codes without the prefix.",
    ),
    click.option(
        "--pattern",
        "code_pattern",
        help="Replaces --prefix and --length: # digit, ? letter, * either one.",
    ),
    click.option(
        "--check/--no-check",
        "code_check",
        default=None,
        help="End codes with a check character that detects typos.",
    ),
    click.option(
        "--alphabet",
        "code_alphabet",
        type=EnumChoice(CodeAlphabet),
        help="Characters of random codes.",
    ),
    click.option(
        "--code",
        "custom_code",
        help="One shared code for all users instead of random codes.",
    ),
    click.option(
        "--case-sensitive/--any-case",
        default=None,
        help="Whether codes are case-sensitive.",
    ),
    click.option(
        "--claimable/--not-claimable",
        default=None,
        help="Whether any user may redeem the code of --code.",
    ),
    id_option("campaign", "Its campaign"),
    click.option(
        "--time-zone",
        help="Time zone, for example Europe/Berlin. Default: the campaign's, or UTC.",
    ),
    click.option("--starts", "starts_at", help=f"Valid from, {TIME_EXAMPLES}."),
    click.option("--expires", "expires_at", help=f"Valid until, {TIME_EXAMPLES}."),
    limit_and_refill_options,
    click.option(
        "--hot/--not-hot",
        default=None,
        help="Whether many users redeem at once; always so from --total 1000.",
    ),
    click.option(
        "--trigger", type=EnumChoice(Trigger), help="Event that earns a coupon."
    ),
    click.option(
        "--source", help="With --trigger: ID of the streak, achievement or leaderboard."
    ),
    click.option(
        "--threshold",
        type=int,
        help="With --trigger: streak to reach, or lowest rank that counts.",
    ),
    metadata_option,
    body_file_option,
)


def build_definition(body_file: Any, **options: Any) -> dict[str, Any]:
    """Build the request body from --file and the options; options override the file."""
    get_current_context().meta[OPTIONS_BY_PATH_KEY] = {
        **{path: name for name, path in BODY_PATHS.items()},
        **{f"config.limits.{member}": name for name, member in LIMIT_MEMBERS.items()},
        "config.limits.per_user_period.max_uses": "per_period",
        "config.usage_limit.max_uses": (
            "per_user" if options["per_user"] is not None else "total"
        ),
        **{f"config.refill{member}": "refill" for member in ("", ".count", ".below")},
    }
    document = parse_body_file(body_file)
    for name, path in BODY_PATHS.items():
        if options[name] is not None:
            _set_path(document, path, value=options[name])
    if options["custom_code"]:
        _set_path(document, "config.code_format", value="custom")
    for path, value in {**build_limits(**options), **_build_trigger(**options)}.items():
        _set_path(document, path, value=value)
    if options["refill"] is not None:
        _set_path(document, "config.refill", value=options["refill"] or None)
    drop_overridden_limits(document, **options)
    return document


def _set_path(document: dict[str, Any], path: str, value: Any) -> None:
    *steps, last = path.split(".")
    for step in steps:
        document = document.setdefault(step, {})
    document[last] = value


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
