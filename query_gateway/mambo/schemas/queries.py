"""Schemas of query parameters and ID lists of the Mambo API."""

from typing import Any

from marshmallow import post_load

from coupon_core.domain.models import Page
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictList,
    StrictQueryInteger,
    StrictString,
)
from coupon_core.schemas.identifiers import UserIdField
from coupon_core.schemas.query_lists import QueryList
from query_gateway.mambo.schemas.base import MamboBodySchema

MAX_TAGS = 20
MAX_IDS = 1_000
DEFAULT_COUNT = 100
# Most clients cannot page, so a list without a page has everything up to this number.
MAX_UNPAGED_COUNT = 1_000
TAGS_JOINS = {"hasAnyOf": "any_of", "hasAllOf": "all_of"}


class MamboListQuerySchema(LenientSchema):
    """A page of a list, optionally filtered by tags."""

    page = StrictQueryInteger(
        min_value=0,
        max_value=1_000_000,
        load_default=None,
        metadata={
            "description": "The page, counted from 0. Without page and count, the list "
            f"has up to {MAX_UNPAGED_COUNT} entries."
        },
    )
    count = StrictQueryInteger(
        min_value=1,
        max_value=500,
        load_default=None,
        metadata={
            "description": f"Entries of a page; {DEFAULT_COUNT} if only page is given."
        },
    )
    tags = QueryList(
        max_items=MAX_TAGS,
        load_default=(),
        metadata={"description": "Tags, repeated or separated by commas."},
    )
    tagsJoin = ChoiceField(
        *TAGS_JOINS,
        load_default="hasAnyOf",
        metadata={
            "description": "Whether one of the tags suffices, or all must match."
        },
    )
    tagUuid = UserIdField(
        data_key="tagUuid",
        attribute="tag_uuid",
        metadata={"description": "Only entries that this user's tags make visible."},
    )

    @post_load
    def build_page_and_tags(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Replace page and count by a `Page`, and tags by `any_of` or `all_of`."""
        page, count = members.pop("page"), members.pop("count")
        join, tags = TAGS_JOINS[members.pop("tagsJoin")], members.pop("tags")
        return {**members, "page": _build_page(page, count), join: tags}


def _build_page(page: int | None, count: int | None) -> Page:
    if page is None and count is None:
        return Page(MAX_UNPAGED_COUNT)
    size = count or DEFAULT_COUNT
    return Page(size, (page or 0) * size)


class MamboActivityQuerySchema(MamboListQuerySchema):
    """A page of activities, optionally of one user."""

    uuid = UserIdField(attribute="user_id")


class MamboUserListQuerySchema(MamboListQuerySchema):
    """A page of what a user has, optionally only what the user's tags make visible."""

    withPersonalization = StrictString(
        min_length=0,
        attribute="is_personalized",
        metadata={
            "description": "true or 1: only entries that the tags of the user in the "
            "path make visible."
        },
    )

    @post_load
    def read_flag(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Read the flag as PHP writes it: true is 1, false is empty."""
        flag = members.get("is_personalized", "").lower()
        return {**members, "is_personalized": flag in ("1", "true")}


class MamboIdsSchema(MamboBodySchema):
    """The IDs of several coupons; IDs that no coupon can have are not found."""

    ids = StrictList(
        StrictString(min_length=0, max_length=1_000),
        required=True,
        min_length=1,
        max_length=MAX_IDS,
    )
