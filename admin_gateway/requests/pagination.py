"""Query parameters of every list of the admin gateway."""

from typing import Any

from marshmallow import post_load

from coupon_core.domain import models
from coupon_core.schemas.base import PageQuerySchema


class ListQuerySchema(PageQuerySchema):
    """A page of a list; loads as `page`, beside the filters of a subclass."""

    @post_load
    def to_page(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Combine limit and offset into a `Page`."""
        page = models.Page(members.pop("limit"), members.pop("offset"))
        return {"page": page, **members}
