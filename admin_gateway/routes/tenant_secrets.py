"""Routes for the secrets that sign players' tokens; each is shown once."""

from flask import Response, g

from admin_gateway.responses.core import NewTenantSecretSchema, TenantSecretListSchema
from admin_gateway.responses.serializers import to_page
from coupon_core.domain.models import TenantSecret, utc_now
from coupon_core.domain.rules.scopes import SECRET_ROTATION_SCOPES
from coupon_core.schemas.base import Document
from coupon_core.security.authentication import require_additional_scopes
from coupon_core.services.access import tenants
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import no_content_response

routes = JsonBlueprint(
    "secrets", __name__, description="Secrets that sign players' tokens"
)


@routes.route("")
@routes.response(200, TenantSecretListSchema)
def list_all() -> Document:
    """List the active secrets without the secrets themselves, newest first."""
    secrets = tenants.list_secrets(g.principal.tenant_id)
    return to_page("secrets", (secrets, len(secrets)))


@routes.route("/rotate", methods=["POST"])
@routes.response(201, NewTenantSecretSchema)
def rotate() -> TenantSecret:
    """Create a new secret. The previous one remains valid until the next rotation.

    Besides `keys`, your key needs the scope `coupons`, because tokens of any user can
    be signed with the secret.
    """
    require_additional_scopes(
        g.principal,
        SECRET_ROTATION_SCOPES,
        purpose="to rotate the secret, which signs tokens of any user",
    )
    return tenants.rotate_secret(g.principal.tenant_id, utc_now())


@routes.route("/<secret_id>", methods=["DELETE"])
@routes.response(204)
def delete(secret_id: str) -> Response:
    """Retire a secret. The last one cannot be retired."""
    tenants.retire_secret(g.principal.tenant_id, secret_id)
    return no_content_response()
