"""Authenticate callers by tokens, signed requests, API keys and client keys."""

from coupon_core.security.authentication.api_keys import authenticate_admin
from coupon_core.security.authentication.client_keys import (
    authenticate_client_key,
    load_client_key_and_secret,
    verify_client_key,
)
from coupon_core.security.authentication.client_tokens import (
    TOKEN_KEY_KINDS,
    TOKEN_LIFETIME_SECONDS,
    authenticate_client_token,
    issue_client_token,
)
from coupon_core.security.authentication.oauth1_signatures import (
    OAuthCredential,
    OAuthRequest,
    authenticate_oauth1_request,
)
from coupon_core.security.authentication.request_signatures import (
    SignedRequest,
    authenticate_signed_request,
)
from coupon_core.security.authentication.tenant_tokens import (
    authenticate_tenant_token,
    clear_credential_caches,
)
from coupon_core.security.authorization import (
    require_additional_scopes,
    require_scope,
    require_tenant,
    require_user,
)

__all__ = [
    "TOKEN_KEY_KINDS",
    "TOKEN_LIFETIME_SECONDS",
    "OAuthCredential",
    "OAuthRequest",
    "SignedRequest",
    "authenticate_admin",
    "authenticate_client_key",
    "authenticate_client_token",
    "authenticate_oauth1_request",
    "authenticate_signed_request",
    "authenticate_tenant_token",
    "clear_credential_caches",
    "issue_client_token",
    "load_client_key_and_secret",
    "require_additional_scopes",
    "require_scope",
    "require_tenant",
    "require_user",
    "verify_client_key",
]
