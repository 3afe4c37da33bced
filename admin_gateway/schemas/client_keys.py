"""Keys of other systems' SDKs as admins ask for them (CONTRACTS 3.1)."""

from coupon_core.model.client_keys import ClientKeyKind
from coupon_core.web.fields import StrictString, UtcDateTime
from coupon_core.web.schemas import Strict

from .keys import in_future
from .lists import ListQuery
from .words import Word


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
