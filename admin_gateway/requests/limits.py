"""Request schemas of the limits of a definition (docs/api-contracts.md 0.23)."""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import ValidationError, post_load

from admin_gateway.requests.fields import EnumField
from coupon_core.domain.models import NO_LIMIT, UsagePeriod
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.fields import ChoiceField, StrictInteger
from coupon_core.schemas.nested_fields import StrictNested

MAX_USES = 1_000_000_000

# How `max_uses` of each limit type maps to the limits that the core stores: uses of
# one code by one user, and uses of all codes together.
LIMITS_BY_TYPE: Mapping[str, Callable[[int], dict[str, int]]] = {
    "per_user": lambda max_uses: {"per_code_limit": max_uses, "total_limit": 0},
    "global": lambda max_uses: {
        "per_code_limit": 0,
        "total_limit": max_uses,
    },
    "unlimited": lambda _: {"per_code_limit": 0, "total_limit": 0},
}


# Null could mean no limit or the default, so it is refused. Braces are doubled because
# marshmallow formats messages.
USAGE_LIMIT_NULL_MESSAGE = (
    'expected an object, not null: use {{"limit_type": "unlimited"}} for no limit, or '
    "leave usage_limit out for the default, one use of a code by one user"
)


LIMITS_NULL_MESSAGE = (
    "expected an object, not null: use {{}} for no limit, or leave limits out"
)


class UsageLimitSchema(StrictSchema):
    """The usage limit: per user, global, or unlimited."""

    limit_type = ChoiceField(*LIMITS_BY_TYPE, required=True)
    max_uses = StrictInteger(min_value=1, max_value=MAX_USES)

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, int]:
        """Convert to both limits; every type except unlimited needs `max_uses`."""
        limit_type, max_uses = members["limit_type"], members.get("max_uses")
        if max_uses is None and limit_type != "unlimited":
            message = f"missing; expected an integer of 1 to {MAX_USES}"
            raise ValidationError(message, "max_uses")
        if max_uses is not None and limit_type == "unlimited":
            raise ValidationError("expected none with unlimited", "max_uses")
        return LIMITS_BY_TYPE[limit_type](max_uses or 0)


class PeriodLimitSchema(StrictSchema):
    """How often one user may use the codes of a definition in each period."""

    max_uses = StrictInteger(min_value=1, max_value=MAX_USES, required=True)
    period = EnumField(
        UsagePeriod,
        required=True,
        metadata={
            "description": "In the time zone of the definition; weeks start on Monday."
        },
    )


def _limit_field(description: str) -> StrictInteger:
    return StrictInteger(
        min_value=1,
        max_value=MAX_USES,
        allow_none=True,
        metadata={"description": f"{description}; null means no limit."},
    )


class LimitsSchema(StrictSchema):
    """All limits of a definition; an absent member means no limit."""

    per_code = _limit_field("Maximum uses of one code by one user")
    per_user = _limit_field("Maximum uses by one user, over all codes")
    total = _limit_field("Maximum uses by all users together")
    per_user_period = StrictNested(
        PeriodLimitSchema,
        allow_none=True,
        metadata={
            "description": "Maximum uses by one user in each period, over all codes; "
            "null means no limit."
        },
    )

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Convert to the limits that the core stores; 0 is none."""
        period_limit = members.get("per_user_period") or {}
        return {
            "per_code_limit": members.get("per_code") or NO_LIMIT,
            "per_user_limit": members.get("per_user") or NO_LIMIT,
            "total_limit": members.get("total") or NO_LIMIT,
            "user_period_limit": period_limit.get("max_uses", NO_LIMIT),
            "user_period": period_limit.get("period"),
        }


def require_equal_limits(members: Mapping[str, Any]) -> None:
    """Refuse `usage_limit` and `limits` that contradict each other.

    Only what `usage_limit` limits is compared, because `limits` can contain more.
    """
    usage_limit, limits = members.get("usage_limit"), members.get("limits")
    if usage_limit is None or limits is None:
        return
    limited = [name for name, value in usage_limit.items() if value] or usage_limit
    if any(limits[name] != usage_limit[name] for name in limited):
        raise ValidationError(
            "expected the same as in usage_limit, or only one of the two", "limits"
        )
