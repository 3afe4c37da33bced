"""Who is calling: a tenant's token or signature, an admin's or an SDK's key."""

from coupon_core.security.authentication.api_keys import principal_of_admin
from coupon_core.security.authentication.client_keys import (
    client_key_and_secret,
    client_key_of,
    client_key_with,
)
from coupon_core.security.authentication.client_tokens import (
    TOKEN_SECONDS,
    client_key_of_token,
    issue_client_token,
)
from coupon_core.security.authentication.request_signatures import (
    SignedRequest,
    principal_of_signature,
)
from coupon_core.security.authentication.tenant_tokens import forget, principal_of_token
from coupon_core.security.authorization import (
    require_scope,
    require_tenant,
    require_user,
)

__all__ = [
    "TOKEN_SECONDS",
    "SignedRequest",
    "client_key_and_secret",
    "client_key_of",
    "client_key_of_token",
    "client_key_with",
    "forget",
    "issue_client_token",
    "principal_of_admin",
    "principal_of_signature",
    "principal_of_token",
    "require_scope",
    "require_tenant",
    "require_user",
]
