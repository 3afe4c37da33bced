"""Pages of lists that are ordered by a unique key."""

from typing import Any

from coupon_core.domain.models import Page
from coupon_core.domain.models.filters import KeyPage


def read_page(
    query: Any, page: Page, key: Any, is_descending: bool = True
) -> tuple[list[Any], int]:
    """Return the rows of a page in the order of a unique column, and their total.

    A page that continues after a key takes as long as the first one, however many rows
    precede it; all rows are not counted again, and the total is 0.
    """
    ordered = query.order_by(key.desc() if is_descending else key)
    if isinstance(page, KeyPage) and page.after:
        follows = key < page.after if is_descending else key > page.after
        return list(ordered.where(follows).limit(page.limit).tuples()), 0
    rows = ordered.limit(page.limit).offset(page.offset).tuples()
    return list(rows), query.count()
