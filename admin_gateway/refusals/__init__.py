"""The HTTP status, error code and text for each reason to refuse a request."""

from collections.abc import Mapping
from types import MappingProxyType

from admin_gateway.refusals.conflicts import CONFLICTS
from admin_gateway.refusals.invalid import INVALID
from admin_gateway.refusals.not_found import NOT_FOUND
from coupon_core.domain.models import AdminReason, AnyReason
from coupon_core.web.authentication import AUTH_REFUSALS
from coupon_core.web.dialects import RefusalResponse

REFUSALS: Mapping[AnyReason, RefusalResponse] = MappingProxyType(
    {
        # Copied, because mypy treats the key type of a mapping as invariant and this
        # table has the narrower key type AuthReason.
        **AUTH_REFUSALS,
        **NOT_FOUND,
        **INVALID,
        **CONFLICTS,
        AdminReason.SCOPE_TOO_WIDE: (
            403,
            "SCOPE_TOO_WIDE",
            "scopes: expected only what your own API key may do",
        ),
    }
)
