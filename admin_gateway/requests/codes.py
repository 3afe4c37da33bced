"""How admins ask for codes of their whole stock, and for work on many of them."""

import base64
import binascii
import json
import zlib
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, post_load

from admin_gateway.requests.fields import Code, Word
from coupon_core.domain.models import CouponStatus
from coupon_core.domain.models.filters import CouponFilter, Place
from coupon_core.schemas.base import Strict, Tolerant
from coupon_core.schemas.fields import (
    Choice,
    StrictQueryInteger,
    StrictString,
    UtcDateTime,
)
from coupon_core.schemas.identifiers import UserId, UuidText

CURSOR_SAID = "`next` of an earlier answer to the same question"
ONE_OF_BOTH = "expected either user_id or batch_id"


class CodeFilters(Tolerant):
    """Which codes of a tenant are meant; loads as `which`."""

    code = Code()
    user_id = UserId()
    batch_id = UuidText()
    definition_id = UuidText()
    status = Word(CouponStatus)
    generated_from = UtcDateTime(metadata={"description": "Not before this time."})
    generated_before = UtcDateTime(metadata={"description": "Before this time."})

    @post_load
    def choose(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Put the filters together as the core takes them."""
        return {"which": CouponFilter(**members)}


class CodeQuery(CodeFilters):
    """A page of codes; loads as `which` and `place`."""

    limit = StrictQueryInteger(least=1, most=500, load_default=100)
    cursor = StrictString(
        least=27,
        most=27,
        pattern="^[A-Za-z0-9_-]{27}$",
        expected=CURSOR_SAID,
        metadata={"description": "Where to go on: `next` of the answer before."},
    )

    @post_load
    def choose(self, members: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Tell filters and place apart."""
        limit, cursor = members.pop("limit"), members.pop("cursor", None)
        which = CouponFilter(**members)
        return {"which": which, "place": place_of(cursor, limit, which)}


def cursor_of(after_id: str, which: CouponFilter) -> str:
    """An opaque word for where a list goes on, good for the same filters only."""
    raw = UUID(after_id).bytes + _print_of(which)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def place_of(cursor: str | None, limit: int, which: CouponFilter) -> Place:
    """The page that a cursor tells. ValidationError when it is of another list."""
    return Place(limit, _after(cursor, which) if cursor else None)


def _after(cursor: str, which: CouponFilter) -> str:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=")
    except (binascii.Error, ValueError):
        raw = b""
    if raw[16:] != _print_of(which):
        raise ValidationError({"cursor": [f"expected {CURSOR_SAID}"]})
    return str(UUID(bytes=raw[:16]))


def _print_of(which: CouponFilter) -> bytes:
    names = CouponFilter.__dataclass_fields__
    text = json.dumps([str(getattr(which, name)) for name in names])
    return zlib.crc32(text.encode()).to_bytes(4)


class AssignBody(Strict):
    """Which code to put into whose hands."""

    code = Code(required=True)
    user_id = UserId(required=True)


class RevokeCodesBody(Strict):
    """Whose codes, or which batch, to take out of use."""

    user_id = UserId()
    batch_id = UuidText()

    @post_load
    def choose(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """One of both."""
        if len(members) != 1:
            raise ValidationError(ONE_OF_BOTH, "batch_id")
        return members


class ExtendCodesBody(Strict):
    """Which batch is to be good for longer."""

    batch_id = UuidText(required=True)
    expires_at = UtcDateTime(required=True)


class ImportQuery(Tolerant):
    """What becomes of a file with bad lines."""

    partial = Choice(
        "true",
        "false",
        load_default="false",
        metadata={"description": "Leave bad lines out, instead of importing nothing."},
    )
