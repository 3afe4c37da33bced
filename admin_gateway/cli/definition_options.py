"""Command line options of a definition, converted to the body of the admin API."""

from typing import Any

import rich_click as click
from click import get_current_context

from admin_gateway.cli.api_commands import CAMPAIGN, REWARD
from admin_gateway.cli.definition_limits import (
    LIMIT_MEMBERS,
    PeriodLimitParam,
    RefillParam,
    build_limits,
    drop_overridden_limits,
)
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

TEXT: dict[str, Any] = {}
INTEGER = {"type": int}
FLAG = {"is_flag": True}
YES_OR_NO = {"default": None}
ALPHABET = {"type": EnumChoice(CodeAlphabet)}
TRIGGER = {"type": EnumChoice(Trigger)}
PERIOD_LIMIT = {"type": PeriodLimitParam()}
REFILL = {"type": RefillParam()}

# Option, member of the body or of its `config`, help, kind. Those without a member are
# combined below.
FIELD_OPTIONS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("--name", "name", "Name, unique within the tenant.", TEXT),
    ("--description", "description", "Description for people.", TEXT),
    (
        "--reward",
        "reward_item_id",
        "ID or name of a reward item; `reward list` shows all.",
        {"type": REWARD},
    ),
    ("--prefix", "code_prefix", "Prefix of random codes.", TEXT),
    ("--length", "code_length", "Length of random codes without the prefix.", INTEGER),
    (
        "--pattern",
        "code_pattern",
        "Replaces --prefix and --length: # digit, ? letter, * either one.",
        TEXT,
    ),
    (
        "--check/--no-check",
        "code_check",
        "End codes with a check character that detects typos.",
        YES_OR_NO,
    ),
    ("--alphabet", "code_alphabet", "Characters of random codes.", ALPHABET),
    (
        "--code",
        "custom_code",
        "One shared code for all users instead of random codes.",
        TEXT,
    ),
    (
        "--case-sensitive/--any-case",
        "case_sensitive",
        "Whether codes are case-sensitive.",
        YES_OR_NO,
    ),
    (
        "--claimable/--not-claimable",
        "claimable",
        "Whether any user may redeem the code of --code.",
        YES_OR_NO,
    ),
    ("--campaign", "campaign_id", "Its campaign, by ID or name.", {"type": CAMPAIGN}),
    (
        "--time-zone",
        "time_zone",
        "Time zone, for example Europe/Berlin. Default: the campaign's, or UTC.",
        TEXT,
    ),
    ("--starts", "starts_at", f"Valid from, {TIME_EXAMPLES}.", TEXT),
    ("--expires", "expires_at", f"Valid until, {TIME_EXAMPLES}.", TEXT),
    ("--per-user", "", "Maximum redemptions of a code per user.", INTEGER),
    (
        "--per-customer",
        "",
        "Maximum redemptions by one user over all codes of the definition.",
        INTEGER,
    ),
    (
        "--per-period",
        "",
        "The same in each period: 2/day, 1/week or 5/month.",
        PERIOD_LIMIT,
    ),
    ("--total", "", "Maximum redemptions of all users together.", INTEGER),
    ("--unlimited", "", "No redemption limit.", FLAG),
    (
        "--hot/--not-hot",
        "hot",
        "Whether many users redeem at once; always so from --total 1000.",
        YES_OR_NO,
    ),
    (
        "--refill",
        "",
        "Generate COUNT codes when fewer than BELOW unassigned are left; or none.",
        REFILL,
    ),
    ("--trigger", "", "Event that earns a coupon.", TRIGGER),
    (
        "--source",
        "",
        "With --trigger: ID of the streak, achievement or leaderboard.",
        TEXT,
    ),
    (
        "--threshold",
        "",
        "With --trigger: streak to reach, or lowest rank that counts.",
        INTEGER,
    ),
)
MEMBERS_OUTSIDE_CONFIG = ("name", "description", "campaign_id")
BODY_PATHS = {"metadata": "metadata"} | {
    option.partition("/")[0].lstrip("-").replace("-", "_"): (
        member if member in MEMBERS_OUTSIDE_CONFIG else f"config.{member}"
    )
    for option, member, *_ in FIELD_OPTIONS
    if member
}

# The options that describe a definition.
definition_field_options = combine_options(
    *(
        click.option(option, help=text, **kind)
        for option, _, text, kind in FIELD_OPTIONS
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
    if options["code"]:
        _set_path(document, "config.code_format", value="custom")
    for path, value in {
        **build_limits(**options),
        **_build_trigger(**options),
    }.items():
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
