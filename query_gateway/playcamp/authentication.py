"""Authentication of the PlayCamp API by `keyId:secret` (docs/api-contracts.md 3.1)."""

from flask import g, request

from coupon_core.domain.models import (
    AuthReason,
    Principal,
    Refused,
    utc_now,
)
from coupon_core.domain.models.client_keys import PLAYCAMP_KINDS, ClientKeyKind
from coupon_core.observability import audit_context
from coupon_core.security.authentication import authenticate_client_key
from coupon_core.web.authentication import bearer_token
from coupon_core.web.blueprint import JsonBlueprint

SERVER_PREFIX, CLIENT_PREFIX = "/v1/server", "/v1/client"
SECURITY_SCHEME_NAME = "playcampKey"
SECURITY_SCHEMES = {
    SECURITY_SCHEME_NAME: {
        "type": "http",
        "scheme": "bearer",
        "description": "A PlayCamp key as keyId:secret. Server keys may call all of "
        f"{SERVER_PREFIX} and {CLIENT_PREFIX}, client keys only {CLIENT_PREFIX}.",
    }
}


def create_blueprint(name: str, description: str) -> JsonBlueprint:
    """Create a blueprint whose views all require a valid PlayCamp key."""
    blueprint = JsonBlueprint(name, __name__, description=description)
    blueprint.before_request(authenticate)
    return blueprint


def authenticate() -> None:
    """Authenticate the caller; client keys may call the client routes only.

    Raises:
        Refused: The key is missing or invalid, or a client key calls a server route.
    """
    # Browsers send preflight requests without credentials.
    if request.method == "OPTIONS":
        return
    key = authenticate_client_key(bearer_token(), PLAYCAMP_KINDS, now=utc_now())
    is_server = key.kind == ClientKeyKind.PLAYCAMP_SERVER
    if not is_server and not request.path.startswith(f"{CLIENT_PREFIX}/"):
        raise Refused(AuthReason.WRONG_KEY_KIND)
    g.principal = Principal(key.tenant_id, key_id=key.key_id, key_name=key.name)
    audit_context.set_principal(g.principal)
