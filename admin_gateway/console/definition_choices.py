"""Definitions to choose from in forms."""

from collections.abc import Callable, Iterable

from flask import g
from marshmallow import ValidationError

from admin_gateway.console.definition_words import get_zone
from admin_gateway.console.forms import Form
from admin_gateway.console.texts import gettext
from coupon_core.domain.models import AdminReason, Definition, DefinitionStatus, Page
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.services.catalog import definition_lookup, definitions

MAX_OPTIONS = 500


def list_all() -> list[tuple[str, str]]:
    """Return ID and name of the newest definitions."""
    return [*definition_lookup.list_names(g.principal.tenant_id, MAX_OPTIONS)]


def list_usable(
    find_violations: Callable[[Definition], Iterable[AdminReason]],
    status: DefinitionStatus | None = None,
) -> list[tuple[str, str]]:
    """Return ID and name of the newest definitions for which nothing is violated."""
    found, _ = definitions.list_definitions(
        g.principal.tenant_id, Page(MAX_OPTIONS, 0), status=status
    )
    return [
        (one.definition_id, one.name) for one in found if not any(find_violations(one))
    ]


def read_definitions(definition_ids: Iterable[str]) -> None:
    """Read the definitions of a page's rows by one query, to look them up then."""
    found = definition_lookup.find_definitions(
        g.principal.tenant_id, set(definition_ids)
    )
    g.setdefault("definitions", {}).update(found)


def find_name(definition_id: str) -> str:
    """Return the name of a definition."""
    return _find(definition_id).name


def find_zone(definition_id: str) -> str:
    """Return the time zone in which times of a definition are shown."""
    return get_zone(_find(definition_id))


def _find(definition_id: str) -> Definition:
    """Return a definition, which a request reads once."""
    known: dict[str, Definition] = g.setdefault("definitions", {})
    if definition_id not in known:
        known[definition_id] = definitions.get(g.principal.tenant_id, definition_id)
    return known[definition_id]


def require_definition_id(form: Form) -> str:
    """Return the definition that was chosen in a form.

    Raises:
        ValidationError: None was chosen.
    """
    definition_id = form.value("definition_id")
    if not is_uuid(definition_id):
        raise ValidationError({"definition_id": [gettext("Choose a definition.")]})
    return definition_id
