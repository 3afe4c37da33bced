"""Request schema of the `config` of a definition (docs/api-contracts.md 1.4)."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load

from admin_gateway.requests.fields import EnumField
from admin_gateway.requests.limits import (
    LIMITS_NULL_MESSAGE,
    MAX_USES,
    USAGE_LIMIT_NULL_MESSAGE,
    LimitsSchema,
    UsageLimitSchema,
    require_equal_limits,
)
from admin_gateway.requests.refill import RefillSchema
from coupon_core.domain import codes
from coupon_core.domain.models import CodeAlphabet, CodeFormat, Trigger
from coupon_core.domain.serialization import TRIGGER_MEMBERS
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.codes import CodeField
from coupon_core.schemas.entered_times import EnteredTimeField, TimeZoneField
from coupon_core.schemas.fields import (
    StrictBoolean,
    StrictInteger,
    StrictObject,
    StrictString,
)
from coupon_core.schemas.identifiers import UuidField
from coupon_core.schemas.nested_fields import StrictNested
from coupon_core.services.catalog.definitions import DEFAULTS

PHOENIX_CODE_FORMATS = (CodeFormat.RANDOM, CodeFormat.CUSTOM)


def _trigger_config_schema(source: str, threshold: str | None) -> Schema:
    members: dict[str, fields.Field[Any]] = {source: StrictString(required=True)}
    if threshold:
        members[threshold] = StrictInteger(
            min_value=1, max_value=MAX_USES, required=True
        )
    return StrictSchema.from_dict(members)()


# Built from the table that serializes them, so that both agree. Sources are opaque
# strings and not UUIDs, because the vendor's samples use slugs.
TRIGGER_CONFIG_SCHEMAS = {
    kind: _trigger_config_schema(*members) for kind, members in TRIGGER_MEMBERS.items()
}
TRIGGER_DEFAULTS = {
    name: value for name, value in DEFAULTS.items() if name.startswith("trigger_")
}

REFILL_DEFAULTS = {
    name: value for name, value in DEFAULTS.items() if name.startswith("refill_")
}


class AutoGenerateSchema(StrictSchema):
    """The milestone that earns a coupon; without `trigger`, only `enabled` changes."""

    enabled = StrictBoolean(required=True)
    trigger = EnumField(Trigger)
    trigger_config = StrictObject(
        metadata={
            "description": "Depends on trigger: streak_id and milestone_threshold; "
            "achievement_id; or leaderboard_id and rank_threshold.",
            "example": {"streak_id": "daily-login", "milestone_threshold": 7},
        }
    )

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Convert to the flat members that begin with `trigger_`."""
        enabled = {"trigger_enabled": members["enabled"]}
        if "trigger" in members:
            return enabled | _parse_trigger(
                members["trigger"], members.get("trigger_config")
            )
        if "trigger_config" in members:
            raise ValidationError(
                "expected only together with trigger", "trigger_config"
            )
        return enabled


def _parse_trigger(kind: Trigger, config: Mapping[str, Any] | None) -> dict[str, Any]:
    source, threshold = TRIGGER_MEMBERS[kind]
    try:
        members = TRIGGER_CONFIG_SCHEMAS[kind].load(config or {})
    except ValidationError as error:
        raise ValidationError({"trigger_config": error.messages}) from None
    return {
        "trigger_kind": kind,
        "trigger_source": members[source],
        "trigger_threshold": members.get(threshold, 0),
    }


# The values that null resets a member to. All other members refuse null.
DEFAULTS_FOR_NULL: Mapping[str, Mapping[str, Any]] = {
    **{name: {name: value} for name, value in DEFAULTS.items()},
    "auto_generate": TRIGGER_DEFAULTS,
    "refill": REFILL_DEFAULTS,
}


class UpdateDefinitionConfigSchema(StrictSchema):
    """The members of a `config` to change."""

    reward_item_id = UuidField()
    code_format = EnumField(PHOENIX_CODE_FORMATS, metadata={"default": "random"})
    code_prefix = StrictString(
        min_length=0,
        max_length=32,
        pattern=f"^({codes.PREFIX_REGEX.pattern})?$",
        expectation="up to 32 letters, digits, _ or -, first a letter or digit",
        allow_none=True,
    )
    code_length = StrictInteger(
        min_value=codes.MIN_RANDOM_LENGTH,
        max_value=codes.MAX_RANDOM_LENGTH,
        metadata={"description": "Length of the random part.", "default": 8},
    )
    code_pattern = StrictString(
        min_length=0,
        max_length=codes.MAX_CODE_LENGTH,
        pattern=f"^({codes.CODE_PATTERN_REGEX.pattern})?$",
        expectation="a pattern of up to 64 characters: # a digit, ? a letter, "
        "* either, and letters, digits, _ or - that stand for themselves, not first "
        "_ or -",
        allow_none=True,
        metadata={
            "description": "Replaces code_prefix and code_length. # is a digit, ? a "
            "letter, * either; other characters are literal.",
            "example": "SUMMER-####-????",
        },
    )
    code_check = StrictBoolean(
        metadata={
            "description": "Appends a check character that detects typing errors "
            "before a database lookup. Cannot be changed later. Codes must begin with "
            "at least three fixed characters that no other codes begin with.",
            "default": False,
        }
    )
    code_alphabet = EnumField(CodeAlphabet, metadata={"default": "unambiguous"})
    custom_code = CodeField(allow_none=True)
    case_sensitive = StrictBoolean(metadata={"default": False})
    claimable = StrictBoolean(
        metadata={"description": "Any user may redeem the custom code."}
    )
    time_zone = TimeZoneField(
        allow_none=True,
        metadata={
            "description": "Of its times; null means that of its campaign, else UTC. A "
            "change moves no times that are stored already."
        },
    )
    starts_at = EnteredTimeField("Valid from this time.", allow_none=True)
    expires_at = EnteredTimeField(
        "Valid until this time.", is_end=True, allow_none=True
    )
    usage_limit = StrictNested(
        UsageLimitSchema, error_messages={"null": USAGE_LIMIT_NULL_MESSAGE}
    )
    limits = StrictNested(LimitsSchema, error_messages={"null": LIMITS_NULL_MESSAGE})
    hot = StrictBoolean(
        metadata={
            "description": "Many users redeem at the same moment: on PostgreSQL the "
            "uses under limits.total are counted in parts. A total limit of 1,000 or "
            "more is always counted like this.",
            "default": False,
        }
    )
    auto_generate = StrictNested(AutoGenerateSchema, allow_none=True)
    refill = StrictNested(
        RefillSchema,
        allow_none=True,
        metadata={
            "description": "Batch that workers generate when the unassigned random "
            "codes run out; null means none."
        },
    )

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Flatten nested members and replace null with the defaults."""
        if members.get("code_pattern") and members.get("code_length"):
            raise ValidationError("expected none with code_pattern", "code_length")
        require_equal_limits(members)
        flat: dict[str, Any] = {}
        for name, value in members.items():
            flat |= (
                DEFAULTS_FOR_NULL[name]
                if value is None
                else _flatten_member(name, value)
            )
        return flat


def _flatten_member(name: str, value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {name: value}


class DefinitionConfigSchema(UpdateDefinitionConfigSchema):
    """The complete `config` of a definition."""

    reward_item_id = UuidField(required=True)
