"""The refusals of each API: those of codes, and those that only it has."""

from collections.abc import Mapping
from types import MappingProxyType

from coupon_core.domain.models import AdminReason, AnyReason, AuthReason
from coupon_core.web.authentication import AUTH_REFUSALS
from coupon_core.web.coupon_refusals import (
    MAMBO_ONLY_REFUSALS,
    REFUSALS,
    RESERVATION_REFUSALS,
)
from coupon_core.web.dialects import RefusalResponse

# The Mambo API knows no other signatures than those of OAuth 1.0a.
OAUTH1_REFUSALS: Mapping[AnyReason, RefusalResponse] = {
    AuthReason.MISSING_HEADER: (
        401,
        "UnauthorizedException",
        "Authorization: OAuth needs oauth_consumer_key, oauth_signature_method "
        "HMAC-SHA1, oauth_timestamp, oauth_nonce and oauth_signature, and no "
        "oauth_token",
    ),
    AuthReason.BAD_TIMESTAMP: (
        401,
        "UnauthorizedException",
        "oauth_timestamp must be Unix seconds within 300 seconds of now",
    ),
    AuthReason.BAD_SIGNATURE: (
        401,
        "UnauthorizedException",
        "oauth_signature is wrong, or the key in oauth_consumer_key is unknown, "
        "revoked or expired; sign the URL under which this service is public",
    ),
}
PHOENIX_REFUSALS: Mapping[AnyReason, RefusalResponse] = MappingProxyType(
    {
        **AUTH_REFUSALS,
        **RESERVATION_REFUSALS,
        **{reason: refusal.phoenix_redeem for reason, refusal in REFUSALS.items()},
    }
)

PLAYCAMP_CODES = frozenset(refusal.playcamp[1] for refusal in REFUSALS.values())

PLAYCAMP_REFUSALS: Mapping[AnyReason, RefusalResponse] = MappingProxyType(
    {
        **AUTH_REFUSALS,
        AuthReason.NO_CREDENTIALS: (
            401,
            "UNAUTHORIZED",
            "Authorization: Bearer keyId:secret was expected",
        ),
        **{reason: refusal.playcamp for reason, refusal in REFUSALS.items()},
        AdminReason.CAMPAIGN_NOT_FOUND: (404, "NOT_FOUND", "Campaign not found"),
        AdminReason.CREATOR_NOT_FOUND: (404, "NOT_FOUND", "Creator not found"),
        AdminReason.WEBHOOK_NOT_FOUND: (404, "NOT_FOUND", "Webhook not found"),
        AdminReason.TOO_MANY_WEBHOOKS: (
            409,
            "CONFLICT",
            "The project has the maximum number of webhooks; delete one first",
        ),
    }
)

MAMBO_REFUSALS: Mapping[AnyReason, RefusalResponse] = MappingProxyType(
    {
        **AUTH_REFUSALS,
        **OAUTH1_REFUSALS,
        **{reason: refusal.mambo for reason, refusal in REFUSALS.items()},
        **MAMBO_ONLY_REFUSALS,
    }
)
OAUTH_REFUSALS: Mapping[AnyReason, RefusalResponse] = MappingProxyType(
    {
        **AUTH_REFUSALS,
        AuthReason.BAD_CLIENT_KEY: (
            401,
            "invalid_client",
            "The keys are wrong, revoked or expired",
        ),
    }
)
