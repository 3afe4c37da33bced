"""Request schemas for client keys of other systems (docs/api-contracts.md 3.1)."""

from admin_gateway.requests.api_keys import require_future
from admin_gateway.requests.fields import EnumField
from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.entered_times import EnteredTimeField
from coupon_core.schemas.names import NameField


class CreateClientKeySchema(StrictSchema):
    """Create a client key."""

    kind = EnumField(
        ClientKeyKind,
        required=True,
        metadata={
            "description": "The SDK that the key is for, and its permissions there."
        },
    )
    name = NameField(required=True)
    expires_at = EnteredTimeField(
        "Expiry of the key; null means none.",
        is_end=True,
        in_utc=True,
        allow_none=True,
        validator=require_future,
    )


class ClientKeyQuerySchema(ListQuerySchema):
    """Page and filters of the list of client keys."""

    kind = EnumField(ClientKeyKind)
