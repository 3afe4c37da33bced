"""Keys of other systems' SDKs as admins ask for them (CONTRACTS 3.1)."""

from admin_gateway.requests.api_keys import in_future
from admin_gateway.requests.fields import Word
from admin_gateway.requests.pagination import ListQuery
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.schemas.base import Strict
from coupon_core.schemas.fields import StrictString, UtcDateTime


class ClientKeyBody(Strict):
    """A new key."""

    kind = Word(
        ClientKeyKind,
        required=True,
        metadata={"description": "Whose SDK it is for, and what it may do there."},
    )
    name = StrictString(required=True)
    expires_at = UtcDateTime(allow_none=True, validate=in_future)


class ClientKeyQuery(ListQuery):
    """Which keys a list shows."""

    kind = Word(ClientKeyKind)
