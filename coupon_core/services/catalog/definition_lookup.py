"""Look up several definitions at once."""

from collections.abc import Iterable
from typing import NamedTuple

from coupon_core.domain.models import Definition
from coupon_core.persistence.repositories import definition_queries


class NamedDefinition(NamedTuple):
    """A definition to choose."""

    definition_id: str
    name: str


def list_names(tenant_id: str, limit: int) -> list[NamedDefinition]:
    """Return the newest definitions to choose from."""
    found = definition_queries.list_names(tenant_id, limit)
    return [NamedDefinition(*one) for one in found]


def find_definitions(
    tenant_id: str, definition_ids: Iterable[str]
) -> dict[str, Definition]:
    """Return those of the definitions that exist, by ID."""
    found = definition_queries.find_definitions(tenant_id, definition_ids)
    return {one.definition_id: one for one in found}
