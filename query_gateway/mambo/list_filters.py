"""Build the filters of lists from their query parameters."""

from typing import Any

from flask import g

from coupon_core.domain.models import Page
from coupon_core.domain.models.users import RegisteredUser
from coupon_core.services.points import users


def read_filters(
    query: dict[str, Any], owner: RegisteredUser | None = None
) -> tuple[dict[str, Any], Page]:
    """Return the members of a filter, and the page.

    `owner` is the user whose list it is; withPersonalization applies this user's tags.

    Raises:
        Refused: The user of tagUuid does not exist.
    """
    page, tag_uuid = query.pop("page"), query.pop("tag_uuid", None)
    viewer = owner if query.pop("is_personalized", False) else None
    if tag_uuid:
        viewer = users.get(g.principal.tenant_id, tag_uuid)
    return {**query, "visible_to": viewer.tags if viewer else None}, page
