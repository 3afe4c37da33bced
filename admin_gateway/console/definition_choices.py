"""Definitions to choose from in forms."""

from collections.abc import Callable, Iterable

from flask import g
from marshmallow import ValidationError

from admin_gateway.console.forms import Form
from admin_gateway.console.texts import gettext
from coupon_core.domain.models import AdminReason, Definition, DefinitionStatus, Page
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.services import time_zones
from coupon_core.services.catalog import definitions

MAX_OPTIONS = 500


def list_definitions(
    find_violations: Callable[[Definition], Iterable[AdminReason]] = lambda _: (),
    status: DefinitionStatus | None = None,
) -> list[tuple[str, str]]:
    """Return ID and name of the newest definitions for which nothing is violated."""
    found, _ = definitions.list_definitions(
        g.principal.tenant_id, Page(MAX_OPTIONS, 0), status=status
    )
    return [
        (one.definition_id, one.name) for one in found if not any(find_violations(one))
    ]


def find_names(definition_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of definitions by ID."""
    return {one: find_name(one) for one in set(definition_ids)}


def find_name(definition_id: str) -> str:
    """Return the name of a definition."""
    return definitions.get(g.principal.tenant_id, definition_id).name


def find_zone(definition_id: str) -> str:
    """Return the time zone in which times of a definition are shown."""
    return time_zones.find_time_zone(
        definitions.get(g.principal.tenant_id, definition_id)
    )


def require_definition_id(form: Form) -> str:
    """Return the definition that was chosen in a form.

    Raises:
        ValidationError: None was chosen.
    """
    definition_id = form.value("definition_id")
    if not is_uuid(definition_id):
        raise ValidationError({"definition_id": [gettext("Choose a definition.")]})
    return definition_id
