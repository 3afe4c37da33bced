"""Requests for a tenant's codes and for jobs on many of them."""

import base64
import binascii
import json
import zlib
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, post_load

from admin_gateway.requests.csv_files import (
    IGNORE_COLUMNS_METADATA,
    ColumnNamesField,
)
from admin_gateway.requests.fields import DryRunField, EnumField
from coupon_core.domain.models import CouponStatus
from coupon_core.domain.models.filters import CouponFilter, PageCursor
from coupon_core.domain.models.inventory import CodeTarget
from coupon_core.schemas.base import LenientSchema, StrictSchema
from coupon_core.schemas.codes import CodeField, EnteredCodeField
from coupon_core.schemas.entered_times import EnteredTimeField
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictQueryInteger,
    StrictString,
)
from coupon_core.schemas.identifiers import UserIdField, UuidField
from coupon_core.services.insight.search import MAX_HITS

MAX_SEARCH_LENGTH = 255
CURSOR_EXPECTED = "`next` of an earlier answer with the same filters"
USER_OR_BATCH_EXPECTED = "expected either user_id or batch_id"
TARGET_EXPECTED = "expected one of batch_id, definition_id and user_id"


class CodeFilterSchema(LenientSchema):
    """Filters of a tenant's codes; loads as `coupon_filter`."""

    code = CodeField()
    user_id = UserIdField()
    batch_id = UuidField()
    definition_id = UuidField()
    status = EnumField(CouponStatus)
    generated_from = EnteredTimeField("At or after this time.", in_utc=True)
    generated_before = EnteredTimeField("Before this time.", in_utc=True)

    @post_load
    def to_coupon_filter(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Combine the filters into a `CouponFilter`."""
        return {"coupon_filter": CouponFilter(**members)}


class _CursorField(StrictString):
    """The position of a page, as an earlier response named it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            min_length=27,
            max_length=27,
            pattern="^[A-Za-z0-9_-]{27}$",
            expectation=CURSOR_EXPECTED,
            **options,
        )


class CodeQuerySchema(CodeFilterSchema):
    """A page of codes; loads as `coupon_filter` and `cursor`."""

    limit = StrictQueryInteger(min_value=1, max_value=500, load_default=100)
    cursor = _CursorField(
        metadata={
            "description": "Position of the next page: `next` of the previous response."
        },
    )
    earlier_cursor = _CursorField(
        data_key="next",
        metadata={
            "description": "The earlier name of `cursor`; send one of the two.",
            "deprecated": True,
        },
    )

    @post_load
    def to_coupon_filter(
        self, members: dict[str, Any], **kwargs: Any
    ) -> dict[str, Any]:
        """Separate the filters from the page cursor."""
        limit = members.pop("limit")
        cursors = {
            parameter: members.pop(name)
            for name, parameter in (("cursor", "cursor"), ("earlier_cursor", "next"))
            if name in members
        }
        if len(cursors) > 1:
            raise ValidationError({"next": ["expected either cursor or next"]})
        parameter, cursor = next(iter(cursors.items()), ("cursor", None))
        coupon_filter = CouponFilter(**members)
        page = parse_cursor(
            cursor, limit, coupon_filter=coupon_filter, parameter=parameter
        )
        return {"coupon_filter": coupon_filter, "cursor": page}


def format_cursor(after_id: str, coupon_filter: CouponFilter) -> str:
    """Return an opaque cursor for the next page, valid for the same filters only."""
    raw = UUID(after_id).bytes + _filter_checksum(coupon_filter)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def parse_cursor(
    cursor: str | None,
    limit: int,
    coupon_filter: CouponFilter,
    parameter: str = "cursor",
) -> PageCursor:
    """Return the page that a cursor points to; errors name its parameter.

    Raises:
        ValidationError: The cursor is malformed or belongs to other filters.
    """
    if cursor is None:
        return PageCursor(limit, None)
    try:
        raw = base64.urlsafe_b64decode(cursor + "=")
    except (binascii.Error, ValueError):
        raw = b""
    if raw[16:] != _filter_checksum(coupon_filter):
        raise ValidationError({parameter: [f"expected {CURSOR_EXPECTED}"]})
    return PageCursor(limit, str(UUID(bytes=raw[:16])))


def _filter_checksum(coupon_filter: CouponFilter) -> bytes:
    names = CouponFilter.__dataclass_fields__
    text = json.dumps([str(getattr(coupon_filter, name)) for name in names])
    return zlib.crc32(text.encode()).to_bytes(4)


class AssignCodeSchema(StrictSchema):
    """The code to assign, and the user to assign it to."""

    code = CodeField(required=True)
    user_id = UserIdField(required=True)


class UserOrBatchSchema(StrictSchema):
    """The user or the batch whose codes to change; loads with `target`."""

    user_id = UserIdField()
    batch_id = UuidField()
    dry_run = DryRunField()

    @post_load
    def to_target(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Require exactly one of the two."""
        dry_run = members.pop("dry_run")
        if len(members) != 1:
            raise ValidationError(USER_OR_BATCH_EXPECTED, "batch_id")
        return {"dry_run": dry_run, "target": CodeTarget(**members)}


class CodeExpirySchema(StrictSchema):
    """The codes whose expiry to move, and their new expiry; loads with `target`."""

    batch_id = UuidField()
    definition_id = UuidField()
    user_id = UserIdField()
    expires_at = EnteredTimeField(
        "New expiry; null is that of the definition.",
        is_end=True,
        required=True,
        allow_none=True,
    )
    dry_run = DryRunField()

    @post_load
    def to_target(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Require exactly one of the three targets."""
        options = {name: members.pop(name) for name in ("expires_at", "dry_run")}
        if len(members) != 1:
            raise ValidationError(TARGET_EXPECTED, "batch_id")
        return {**options, "target": CodeTarget(**members)}


class ExtendCodesSchema(StrictSchema):
    """The batch whose codes expire later, and their new expiry."""

    batch_id = UuidField(required=True)
    expires_at = EnteredTimeField(
        "New expiry of the codes.", is_end=True, required=True
    )


class ImportCodesQuerySchema(LenientSchema):
    """How an import treats invalid lines, used codes and other columns."""

    allow_partial = ChoiceField(
        "true",
        "false",
        data_key="partial",
        load_default="false",
        metadata={"description": "Skip invalid lines instead of importing nothing."},
    )
    skip_used = ChoiceField(
        "true",
        "false",
        load_default="false",
        metadata={
            "description": "Skip codes that are redeemed, revoked or expired where "
            "they come from, and count them in `skipped`. Otherwise they are invalid."
        },
    )
    ignore_columns = ColumnNamesField(
        load_default=frozenset(), metadata=IGNORE_COLUMNS_METADATA
    )


class ExplainCodeSchema(StrictSchema):
    """The code to explain, for whom and for when."""

    code = EnteredCodeField(required=True)
    user_id = UserIdField(
        load_default=None,
        metadata={"description": "Without it: the holder of the code, or any user."},
    )
    at = EnteredTimeField("The time with which dates are compared.", in_utc=True)


class CodeSearchQuerySchema(LenientSchema):
    """What to search for."""

    q = StrictString(
        required=True,
        max_length=MAX_SEARCH_LENGTH,
        metadata={
            "description": "A code, also mistyped or only its beginning; or a user ID, "
            "a reference, a coupon ID or a redemption ID."
        },
    )
    limit = StrictQueryInteger(
        min_value=1,
        max_value=MAX_HITS,
        load_default=MAX_HITS,
        metadata={"description": "Maximum number of hits to return."},
    )
