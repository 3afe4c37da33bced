"""The HTTP status, error code and text for each reason to refuse a request."""

from collections.abc import Mapping
from types import MappingProxyType

from admin_gateway.refusals.conflicts import CONFLICTS
from admin_gateway.refusals.invalid import INVALID
from admin_gateway.refusals.not_found import NOT_FOUND
from admin_gateway.refusals.operators import OPERATOR_REFUSALS
from coupon_core.domain.models import AdminReason, AnyReason
from coupon_core.web.authentication import AUTH_REFUSALS
from coupon_core.web.dialects import RefusalResponse

# The code of a refusal is the name of its reason, with these exceptions.
CODES: Mapping[AnyReason, str] = {
    AdminReason.NOT_ACTIVE: "DEFINITION_NOT_ACTIVE",
    AdminReason.REDEEMED_COUPON: "COUPON_REDEEMED",
}
TEXTS_BY_STATUS: Mapping[int, Mapping[AnyReason, str]] = {
    400: INVALID,
    403: {
        AdminReason.SCOPE_TOO_WIDE: "scopes: expected only what your own API key may do"
    },
    404: NOT_FOUND,
    409: CONFLICTS,
}
REFUSALS: Mapping[AnyReason, RefusalResponse] = MappingProxyType(
    {
        **AUTH_REFUSALS,
        **{
            reason: (status, CODES.get(reason, reason.name), text)
            for status, texts in TEXTS_BY_STATUS.items()
            for reason, text in texts.items()
        },
    }
)
ALL_REFUSALS: Mapping[AnyReason, RefusalResponse] = MappingProxyType(
    {**REFUSALS, **OPERATOR_REFUSALS}
)
"""Also those of the console and of commands, which no route of the API answers."""
