"""What each reason of the core is called here: status, code, text."""

from collections.abc import Mapping
from types import MappingProxyType

from coupon_core.model import AdminReason, AnyReason
from coupon_core.web.callers import AUTH_REFUSALS
from coupon_core.web.problems import Row

from .conflicts import CONFLICTS
from .invalid import INVALID
from .missing import MISSING

REFUSALS: Mapping[AnyReason, Row] = MappingProxyType(
    {
        **AUTH_REFUSALS,
        **MISSING,
        **INVALID,
        **CONFLICTS,
        AdminReason.SCOPE_TOO_WIDE: (
            403,
            "SCOPE_TOO_WIDE",
            "scopes: expected only what your own API key may do",
        ),
    }
)
