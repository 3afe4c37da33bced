"""What every list of the admin gateway can be asked."""

from typing import Any

from marshmallow import post_load

from coupon_core.domain import models
from coupon_core.schemas.base import PageQuerySchema


class ListQuerySchema(PageQuerySchema):
    """A page of a list; loads as `page` beside the members of a list's own filters."""

    @post_load
    def to_page(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Put limit and offset together as the core takes them."""
        page = models.Page(members.pop("limit"), members.pop("offset"))
        return {"page": page, **members}
