"""Refusals that only one API has: reservations (Phoenix), OAuth 1.0a (Mambo)."""

from collections.abc import Mapping

from coupon_core.domain.models import AnyReason, AuthReason, ReservationReason
from coupon_core.web.dialects import RefusalResponse

RESERVATION_REFUSALS: Mapping[AnyReason, RefusalResponse] = {
    ReservationReason.RESERVATION_NOT_FOUND: (
        404,
        "RESERVATION_NOT_FOUND",
        "Reservation not found",
    ),
    ReservationReason.RESERVATION_EXPIRED: (
        409,
        "RESERVATION_EXPIRED",
        "The reservation has expired, and the coupon cannot be redeemed any more",
    ),
    ReservationReason.RESERVATION_CONFIRMED: (
        409,
        "RESERVATION_CONFIRMED",
        "The reservation has been confirmed and cannot be released",
    ),
    ReservationReason.RESERVATION_RELEASED: (
        409,
        "RESERVATION_RELEASED",
        "The reservation has been released and cannot be confirmed",
    ),
}
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
