"""Look up several definitions at once."""

from collections.abc import Iterable

from coupon_core.domain.models import Definition
from coupon_core.persistence.repositories import definition_queries


def find_definitions(
    tenant_id: str, definition_ids: Iterable[str]
) -> dict[str, Definition]:
    """Return those of the definitions that exist, by ID."""
    found = definition_queries.find_definitions(tenant_id, definition_ids)
    return {one.definition_id: one for one in found}
