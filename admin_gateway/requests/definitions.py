"""Definitions as admins write them, loaded as flat members of the core's Definition.

A member that is null goes back to its default; one that is absent is not loaded.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import post_load

from admin_gateway.requests.definition_config import Config, ConfigChanges
from admin_gateway.requests.fields import Word
from admin_gateway.requests.pagination import ListQuery
from coupon_core.domain.models import DefinitionStatus
from coupon_core.schemas.base import Strict
from coupon_core.schemas.fields import StrictNested, StrictString
from coupon_core.services.catalog.definitions import DEFAULTS

# What Phoenix has no words for stays as the other dialects have it.
SAYABLE: Mapping[str, Any] = {
    name: value
    for name, value in DEFAULTS.items()
    if name not in ("awarded_only", "per_user_limit")
}
NAME = {
    "pattern": r"^[^\W_][\w -]*$",
    "expected": "1 to 255 letters, digits, blanks, _ or -, first a letter or digit",
}


def _description() -> StrictString:
    return StrictString(least=0, most=2_000, multiline=True, allow_none=True)


class DefinitionChanges(Strict):
    """PATCH: the members, also of `config`, that are to change; the others stay."""

    name = StrictString(**NAME)
    description = _description()
    status = Word(DefinitionStatus)
    config = StrictNested(ConfigChanges)

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Lift the members of `config` and put the default where null was sent."""
        return _flat(members)


class DefinitionBody(Strict):
    """POST: a whole definition."""

    name = StrictString(required=True, **NAME)
    description = _description()
    config = StrictNested(Config, required=True)

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Lift the members of `config` and put the default where null was sent."""
        return _flat(members)


class DefinitionReplacement(DefinitionBody):
    """PUT: a whole definition; what is absent goes back to its default."""

    status = Word(DefinitionStatus, metadata={"description": "Stays when absent."})

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Lift the members of `config` over the defaults of all that was not sent."""
        return {**SAYABLE, **_flat(members)}


def _flat(members: Mapping[str, Any]) -> dict[str, Any]:
    flat = {**members, **members.get("config", {})}
    flat.pop("config", None)
    if flat.get("description", "") is None:
        flat["description"] = DEFAULTS["description"]
    return flat


class DefinitionQuery(ListQuery):
    """Which definitions a list shows."""

    status = Word(DefinitionStatus)
    name = StrictString(metadata={"description": "A part of the name, in any case."})
