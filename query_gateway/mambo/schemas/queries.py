"""Schemas of query parameters and ID lists of the Mambo API."""

from typing import Any

from marshmallow import ValidationError, post_load, validates_schema

from coupon_core.domain.models import Page
from coupon_core.schemas.base import LenientSchema, StrictSchema
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictList,
    StrictQueryInteger,
    StrictString,
)
from coupon_core.schemas.identifiers import UserIdField, UuidField

MAX_TAGS = 20
MAX_IDS = 100


class MamboPageQuerySchema(LenientSchema):
    """A page of a list; `page` counts from 0, `count` is the page size."""

    page = StrictQueryInteger(min_value=0, max_value=1_000_000, load_default=0)
    count = StrictQueryInteger(min_value=1, max_value=500, load_default=100)

    @post_load
    def build_page(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Replace page and count by a `Page`."""
        page, count = members.pop("page"), members.pop("count")
        return {**members, "page": Page(count, page * count)}


class MamboActivityQuerySchema(MamboPageQuerySchema):
    """A page of activities, optionally of one user."""

    uuid = UserIdField()


TAGS_JOINS = {"hasAnyOf": "any_of", "hasAllOf": "all_of"}


class MamboCouponQuerySchema(MamboPageQuerySchema):
    """A page of coupons, optionally filtered by tags."""

    tags = StrictString(
        max_length=2_000, metadata={"description": "Tags, separated by commas."}
    )
    tagsJoin = ChoiceField(*TAGS_JOINS, load_default="hasAnyOf")
    tagUuid = UserIdField(
        data_key="tagUuid",
        attribute="uuid",
        metadata={"description": "Only coupons that this user's tags make visible."},
    )

    @validates_schema
    def check_tag_count(self, members: dict[str, Any], **_: Any) -> None:
        """Refuse more than `MAX_TAGS` tags."""
        if members.get("tags", "").count(",") >= MAX_TAGS:
            raise ValidationError(f"expected at most {MAX_TAGS} tags", "tags")

    @post_load
    def apply_tags_join(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Replace tags and tagsJoin by the filter `any_of` or `all_of`."""
        join = TAGS_JOINS[members.pop("tagsJoin")]
        requested_tags = [tag.strip() for tag in members.pop("tags", "").split(",")]
        tags = tuple(tag for tag in requested_tags if tag)
        return {**members, join: tags} if tags else members


class MamboIdsSchema(StrictSchema):
    """The IDs of several coupons."""

    ids = StrictList(UuidField(), required=True, min_length=1, max_length=MAX_IDS)
