"""Authentication of the Mambo API: a token or a signature that belongs to one site."""

from flask import g, request

from coupon_core.domain.models import (
    AuthReason,
    Principal,
    Refused,
    utc_now,
)
from coupon_core.domain.models.client_keys import ClientKey
from coupon_core.observability import audit_context
from coupon_core.schemas.errors import ApiError
from coupon_core.security.authentication import authenticate_client_token
from coupon_core.web.authentication import bearer_token
from query_gateway.mambo.oauth1 import authenticate_oauth1, has_oauth1_signature


def authenticate() -> None:
    """Authenticate the caller and check the site in the path, if there is one.

    Another tenant's site is answered exactly like a site that does not exist.

    Raises:
        Refused: The token or signature is missing, invalid or expired.
        ApiError: The site is not the one that the key belongs to.
    """
    site = (request.view_args or {}).pop("site", None)
    if request.method == "OPTIONS":
        return
    key = _authenticate_key()
    if site not in (None, key.tenant_id):
        raise ApiError(404, "SiteNotFoundException", message="The site does not exist")
    g.principal = Principal(key.tenant_id, key_id=key.key_id, key_name=key.name)
    audit_context.set_principal(g.principal)


def _authenticate_key() -> ClientKey:
    if has_oauth1_signature():
        return authenticate_oauth1()
    token = bearer_token()
    if not token:
        raise Refused(AuthReason.NO_CREDENTIALS)
    return authenticate_client_token(token, utc_now())
