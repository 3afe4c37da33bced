"""Limits and refill of a definition as options, converted to the body of the API."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import combine_options
from coupon_core.domain.models import UsagePeriod

# The member of `config.limits` by option, and the `limit_type` of `usage_limit`.
LIMIT_MEMBERS = {
    "per_user": "per_code",
    "per_customer": "per_user",
    "per_period": "per_user_period",
    "total": "total",
}
LIMIT_TYPES = {"per_code": "per_user", "total": "global"}
NO_REFILL = "none"


class PeriodLimitParam(click.ParamType):  # type: ignore[type-arg]
    """A number of uses in a period, such as 2/day."""

    name = "uses/period"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return it as the API expects it, or fail with a usage error."""
        uses, _, period = str(value).partition("/")
        if not uses.isdecimal() or period not in list(UsagePeriod):
            self.fail(f'"{value}": expected uses/period, such as 2/day.', param, ctx)
        return {"max_uses": int(uses), "period": period}


class RefillParam(click.ParamType):  # type: ignore[type-arg]
    """A number of codes, and below how many left they are generated: 5000/500."""

    name = "count/below"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return it as the API expects it, or fail with a usage error."""
        if value == NO_REFILL:
            return {}
        count, _, below = str(value).partition("/")
        below = below or "1"
        is_valid = count.isdecimal() and below.isdecimal()
        if not is_valid or int(below) > int(count):
            expected = "COUNT/BELOW with BELOW up to COUNT, such as 5000/500, or none"
            self.fail(f'"{value}": expected {expected}.', param, ctx)
        return {"count": int(count), "below": int(below)}


limit_and_refill_options = combine_options(
    click.option(
        "--per-user", type=int, help="Maximum redemptions of a code per user."
    ),
    click.option(
        "--per-customer",
        type=int,
        help="Maximum redemptions by one user over all codes of the definition.",
    ),
    click.option(
        "--per-period",
        type=PeriodLimitParam(),
        help="The same in each period: 2/day, 1/week or 5/month.",
    ),
    click.option(
        "--total", type=int, help="Maximum redemptions of all users together."
    ),
    click.option("--unlimited", is_flag=True, help="No redemption limit."),
    click.option(
        "--refill",
        type=RefillParam(),
        help="Generate COUNT codes when fewer than BELOW unassigned are left; or none.",
    ),
)


def build_limits(unlimited: bool, **options: Any) -> dict[str, Any]:
    """Return the limits that the options set, by their path in the body."""
    limits = _get_limits(**options)
    if unlimited and limits:
        raise click.UsageError("Use --unlimited without options that set a limit.")
    if unlimited:
        return {"config.limits": {}}
    if _is_usage_limit(limits):
        ((member, max_uses),) = limits.items()
        usage_limit = {"limit_type": LIMIT_TYPES[member], "max_uses": max_uses}
        return {"config.usage_limit": usage_limit}
    return {f"config.limits.{member}": value for member, value in limits.items()}


def drop_overridden_limits(document: dict[str, Any], **options: Any) -> None:
    """Drop the form of the limits in a file that the options do not use."""
    given, config = _get_limits(**options), document.get("config", {})
    if _is_usage_limit(given):
        config.pop("limits", None)
    elif given or options["unlimited"]:
        config.pop("usage_limit", None)


def _get_limits(**options: Any) -> dict[str, Any]:
    values = {member: options[name] for name, member in LIMIT_MEMBERS.items()}
    return {member: value for member, value in values.items() if value is not None}


def _is_usage_limit(limits: dict[str, Any]) -> bool:
    """Return True for a single limit that the documented `usage_limit` knows.

    It replaces the other limit that `usage_limit` knows, as in the API.
    """
    return len(limits) == 1 and limits.keys() <= LIMIT_TYPES.keys()
