"""The base schema of request bodies of the Mambo API."""

from collections.abc import Mapping
from typing import Any

from marshmallow import pre_load

from coupon_core.schemas.base import LenientSchema


class MamboBodySchema(LenientSchema):
    """An object that a client of Mambo sends (docs/api-contracts.md 0.38).

    Unknown members are ignored: clients send all members of Mambo, of which this system
    needs a part. A member that is null counts as absent.
    """

    @pre_load
    def drop_null_members(self, members: Any, **_: Any) -> Any:
        """Leave out members that are null; nested objects do the same."""
        if not isinstance(members, Mapping):
            return members
        return {name: value for name, value in members.items() if value is not None}
