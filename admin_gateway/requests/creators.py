"""Request schemas for creators and their codes (docs/api-contracts.md 3.3)."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from admin_gateway.requests.fields import EnumField
from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.domain import codes
from coupon_core.domain.models.creators import CreatorStatus
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.codes import CodeField
from coupon_core.schemas.fields import (
    INT64_MAX,
    StrictInteger,
    StrictList,
    StrictString,
)
from coupon_core.schemas.names import NameField
from coupon_core.services.campaigns.creators import (
    DEFAULT_PATTERN,
    MAX_CODES_PER_REQUEST,
)

PATTERN_DESCRIPTION = (
    "{creator} is the creator's key, {number} the sequence number of the creator's "
    "code, {random} eight random characters."
)


class UpdateCreatorSchema(StrictSchema):
    """PATCH: the members of a creator to change."""

    name = NameField()
    genre = StrictString(allow_none=True, max_length=64)
    status = EnumField(
        CreatorStatus,
        metadata={"description": "An inactive creator cannot receive codes."},
    )


class CreateCreatorSchema(UpdateCreatorSchema):
    """POST: create a creator."""

    creator_key = StrictString(
        required=True,
        max_length=5,
        pattern=r"^[A-Z0-9]{5}$",
        expectation="5 capital letters or digits",
    )
    name = NameField(required=True)


class CreatorQuerySchema(ListQuerySchema):
    """Page and filters of the list of creators."""

    keyword = StrictString(
        max_length=64,
        metadata={"description": "Part of the name or key; case-insensitive."},
    )
    campaign_id = StrictString(max_length=64)


CODE_ORDER_MEMBERS = frozenset({"package_id", "codes", "count", "pattern"})


class CodeOrderSchema(StrictSchema):
    """Codes for a creator, if any: listed, or generated from a pattern."""

    package_id = StrictInteger(
        min_value=1,
        max_value=INT64_MAX,
        metadata={"description": "Default: the only package of the campaign."},
    )
    codes = StrictList(CodeField(), min_length=1, max_length=MAX_CODES_PER_REQUEST)
    count = StrictInteger(min_value=1, max_value=MAX_CODES_PER_REQUEST)
    pattern = StrictString(
        max_length=64,
        pattern=r"^(\{(creator|number|random)\}|[A-Za-z0-9_-])+$",
        expectation="letters, digits, _, -, {creator}, {number} and {random}",
        metadata={"description": PATTERN_DESCRIPTION, "default": DEFAULT_PATTERN},
    )

    @validates_schema
    def validate_order(self, members: dict[str, Any], **_: Any) -> None:
        """Require either codes or a count, and a pattern that yields valid codes."""
        if not CODE_ORDER_MEMBERS & members.keys():
            return
        if ("codes" in members) == ("count" in members):
            raise ValidationError("expected either codes or count", "codes")
        pattern = members.get("pattern", DEFAULT_PATTERN)
        longest_code = codes.fill_template(
            pattern, "AAAAA", number=10_000, random_part="A" * 8
        )
        if codes.normalize_code(longest_code) is None:
            text = "expected codes of at most 64 characters, first a letter or digit"
            raise ValidationError(text, "pattern")
        if "{number}" not in pattern and "{random}" not in pattern:
            raise ValidationError(
                "expected {number} or {random} in the pattern", "pattern"
            )


class AssignCreatorCodesSchema(CodeOrderSchema):
    """Codes of a package for a creator: listed, or generated from a pattern."""

    package_id = StrictInteger(required=True, min_value=1, max_value=INT64_MAX)


class RevokeCreatorCodesSchema(StrictSchema):
    """The codes of a creator to revoke; all of them if none is named."""

    codes = StrictList(CodeField(), min_length=1, max_length=MAX_CODES_PER_REQUEST)
