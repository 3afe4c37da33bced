"""Campaigns, creators and packages as admins write them (CONTRACTS 3.3)."""

from typing import Any

from marshmallow import ValidationError, fields, post_load

from admin_gateway.requests.definition_config import MAX_USES
from admin_gateway.requests.fields import CodeField, EnumField
from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.domain import codes
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.domain.models.creators import CreatorStatus
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.fields import (
    INT64_MAX,
    StrictBoolean,
    StrictInteger,
    StrictList,
    StrictNested,
    StrictString,
    UtcDateTime,
)
from coupon_core.services.campaigns.creators import (
    DEFAULT_PATTERN,
    MAX_CODES_PER_REQUEST,
)

MAX_TEXT_LENGTH = 2_000
MAX_LOCALES = 50
LOCALE_RULES = {
    "pattern": r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
    "expectation": "a locale such as en or zh-Hans",
}
CREATOR_KEY_RULES = {
    "pattern": r"^[A-Z0-9]{5}$",
    "expectation": "5 capital letters or digits",
}
CAMPAIGN_ID_RULES = {
    "pattern": r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
    "expectation": "1 to 64 letters, digits, _ or -, first a letter or digit",
}
PATTERN_DESCRIPTION = (
    "{creator} is the key, {number} counts the creator's codes, {random} is eight "
    "random characters."
)


class LocalizedTextField(fields.Dict):
    """The same text in several languages, by locale."""

    def __init__(
        self,
        *,
        min_locales: int = 0,
        max_text_length: int = MAX_TEXT_LENGTH,
        **options: Any,
    ) -> None:
        expectation = f"an object of {min_locales} to {MAX_LOCALES} texts by locale"
        metadata = {"minProperties": min_locales, "maxProperties": MAX_LOCALES}
        super().__init__(
            keys=StrictString(max_length=35, **LOCALE_RULES),
            values=StrictString(max_length=max_text_length, multiline=True),
            validate=self._require_allowed_size,
            metadata=metadata,
            error_messages={
                "required": f"missing; expected {expectation}",
                "null": f"expected {expectation}, not null",
                "invalid": f"expected {expectation}",
            },
            **options,
        )
        self._expectation, self._allowed_sizes = (
            expectation,
            range(min_locales, MAX_LOCALES + 1),
        )

    def _require_allowed_size(self, value: dict[str, str]) -> None:
        if len(value) not in self._allowed_sizes:
            raise ValidationError(f"expected {self._expectation}")


def _optional_time_field(description: str) -> UtcDateTime:
    return UtcDateTime(allow_none=True, metadata={"description": description})


class UpdateCampaignSchema(StrictSchema):
    """PATCH: the members of a campaign that are to change."""

    names = LocalizedTextField(min_locales=1, max_text_length=255)
    description = LocalizedTextField()
    status = EnumField(CampaignStatus)
    starts_at = _optional_time_field(
        "Before it no code is good, unless its package says otherwise."
    )
    ends_at = _optional_time_field(
        "After it no code is good, unless its package says otherwise."
    )


class CreateCampaignSchema(UpdateCampaignSchema):
    """POST: a new campaign."""

    campaign_id = StrictString(required=True, max_length=64, **CAMPAIGN_ID_RULES)
    names = LocalizedTextField(required=True, min_locales=1, max_text_length=255)


class CampaignQuerySchema(ListQuerySchema):
    """Which campaigns a list shows."""

    status = EnumField(CampaignStatus)


class UpdateCreatorSchema(StrictSchema):
    """PATCH: the members of a creator that are to change."""

    name = StrictString()
    genre = StrictString(allow_none=True, max_length=64)
    status = EnumField(
        CreatorStatus,
        metadata={"description": "An inactive creator is given no more codes."},
    )


class CreateCreatorSchema(UpdateCreatorSchema):
    """POST: a new creator."""

    creator_key = StrictString(required=True, max_length=5, **CREATOR_KEY_RULES)
    name = StrictString(required=True)


class CreatorQuerySchema(ListQuerySchema):
    """Which creators a list shows."""

    keyword = StrictString(
        max_length=64,
        metadata={"description": "A part of the name or key, in any case."},
    )
    campaign_id = StrictString(max_length=64)


class RewardLineSchema(StrictSchema):
    """One thing that is granted, in PlayCamp's words, as it goes out to games."""

    itemId = StrictString(required=True)
    itemQuantity = StrictInteger(required=True, min_value=1, max_value=MAX_USES)
    itemName = LocalizedTextField(min_locales=1, max_text_length=255)
    itemImageUrl = StrictString(max_length=2_048, pattern=r"^https?://[!-~]+$")


def _limit_field(attribute: str, description: str) -> StrictInteger:
    return StrictInteger(
        attribute=attribute,
        max_value=MAX_USES,
        allow_none=True,
        metadata={"description": f"{description}; 0 or null is none."},
    )


class UpdatePackageSchema(StrictSchema):
    """PATCH: the members of a package that are to change."""

    item_name = LocalizedTextField(min_locales=1, max_text_length=255)
    item_description = LocalizedTextField()
    rewards = StrictList(StrictNested(RewardLineSchema), min_length=1, max_length=20)
    per_code_usage_limit = _limit_field(
        "per_code_limit", "Uses of one code by one user"
    )
    cross_creator_limit = _limit_field(
        "per_user_limit", "Uses by one user, whichever creators' codes"
    )
    max_total_usage = _limit_field("total_limit", "Uses by all users together")
    is_active = StrictBoolean(metadata={"description": "Out of use, no code is good."})
    starts_at = _optional_time_field("Its own start; null follows the campaign.")
    ends_at = _optional_time_field("Its own end; null follows the campaign.")

    @post_load
    def normalize_members(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Load null limits as none, and lines as the core keeps them."""
        for name in ("per_code_limit", "per_user_limit", "total_limit"):
            if name in members:
                members[name] = members[name] or 0
        if "rewards" in members:
            members["rewards"] = tuple(members["rewards"])
        return members


class CreatePackageSchema(UpdatePackageSchema):
    """POST: a new package of a campaign; one use a code and user unless said."""

    item_name = LocalizedTextField(required=True, min_locales=1, max_text_length=255)
    rewards = StrictList(
        StrictNested(RewardLineSchema), required=True, min_length=1, max_length=20
    )


class PackageQuerySchema(ListQuerySchema):
    """Which packages a list shows."""

    campaign_id = StrictString(max_length=64)


class AssignCreatorCodesSchema(StrictSchema):
    """Codes of a package for a creator: these, or so many after a pattern."""

    package_id = StrictInteger(required=True, min_value=1, max_value=INT64_MAX)
    codes = StrictList(CodeField(), min_length=1, max_length=MAX_CODES_PER_REQUEST)
    count = StrictInteger(min_value=1, max_value=MAX_CODES_PER_REQUEST)
    pattern = StrictString(
        max_length=64,
        pattern=r"^(\{(creator|number|random)\}|[A-Za-z0-9_-])+$",
        expectation="letters, digits, _, -, {creator}, {number} and {random}",
        metadata={"description": PATTERN_DESCRIPTION, "default": DEFAULT_PATTERN},
    )

    @post_load
    def validate_members(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Refuse both ways at once, none, and a pattern that gives no good codes."""
        if ("codes" in members) == ("count" in members):
            raise ValidationError("expected either codes or count", "codes")
        pattern = members.setdefault("pattern", DEFAULT_PATTERN)
        longest_code = codes.fill_template(pattern, "AAAAA", 10_000, "A" * 8)
        if codes.normalize_code(longest_code) is None:
            text = "expected codes of at most 64 characters, first a letter or digit"
            raise ValidationError(text, "pattern")
        if "{number}" not in pattern and "{random}" not in pattern:
            raise ValidationError("expected {number} or {random} in it", "pattern")
        return members


class RevokeCreatorCodesSchema(StrictSchema):
    """Which codes of a creator to take out of use; all when none is named."""

    codes = StrictList(CodeField(), min_length=1, max_length=MAX_CODES_PER_REQUEST)
