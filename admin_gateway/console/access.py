"""Who may see a page: sessions, tenants, scopes, and protection of forms (CSRF)."""

from io import BytesIO

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect  # type: ignore[import-untyped]

from admin_gateway.console.browser_session import get_browser_session
from admin_gateway.console.page import VIEW_SCOPES
from admin_gateway.console.paths import find_own_path
from admin_gateway.console.rendering import redirect_to, url_for_page
from admin_gateway.console.texts import N_
from admin_gateway.console.uploads import is_upload, pass_on_file, receive_form
from coupon_core.domain.models import AdminReason, Refused, utc_now
from coupon_core.observability import audit_context
from coupon_core.schemas.errors import ApiError
from coupon_core.security.authorization import require_scope
from coupon_core.services.operators import sessions
from coupon_core.web.idempotency_keys import KEY_ENVIRON_KEY
from coupon_core.web.request_body import read_body

KEY_FIELD = "idempotency_key"
# They are for people who are not signed in, or not in a tenant.
PUBLIC_ENDPOINTS = frozenset(
    f"console.{name}"
    for name in (
        "sign_in",
        "submit_sign_in",
        "show_link",
        "submit_link",
        "serve_static",
    )
)
FORM_TOO_OLD = N_(
    "This form is too old or does not come from this page. Go back, load the page "
    "again, and submit the form again."
)
_csrf = CSRFProtect()


def check_request() -> ResponseReturnValue | None:
    """Run before every view of the console; a response ends the request.

    Raises:
        Refused: The tenant is unknown to the operator, or the role has not the scope.
        ApiError: 400 if the form has no valid token.
    """
    g.operator = g.operator_session = None
    _read_session()
    is_public = request.endpoint in PUBLIC_ENDPOINTS
    if g.operator is None and not is_public:
        return _ask_to_sign_in()
    if not is_public:
        _enter_tenant()
    if request.method == "POST":
        _check_form()  # last, because uploads are received for it
    return None


def _read_session() -> None:
    token = get_browser_session().token
    if token and (found := sessions.find(token, utc_now())):
        g.operator_session, g.operator = found


def _ask_to_sign_in() -> Response:
    """Lead to the form; afterwards the operator comes back, unless this was a form."""
    target = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect_to(url_for_page("sign_in", next=find_own_path(target)))


def _check_form() -> None:
    if is_upload():
        receive_form()
    else:
        # Read once; both the form and the idempotency check get the same bytes.
        body = read_body(request)
        request.environ["wsgi.input"] = BytesIO(body)
        # The body is within the limit of its view, which may be above that of the app.
        # One more, because a form with parts is read until there is nothing left.
        request.max_content_length = request.max_form_memory_size = len(body) + 1
    try:
        _csrf.protect()
    except CSRFError as error:
        raise ApiError(
            400,
            "BAD_REQUEST",
            message=FORM_TOO_OLD,
        ) from error
    # A second submission of the same form has no further effect.
    if key := request.form.get(KEY_FIELD):
        request.environ[KEY_ENVIRON_KEY] = key
        pass_on_file()


def _enter_tenant() -> None:
    """Set the principal of a request: in the tenant of the path, if it has one."""
    is_page = "tenant_id" in (request.view_args or {})
    tenant_id = (request.view_args or {}).pop("tenant_id", "") or _find_last_tenant()
    principal = sessions.find_principal(g.operator.operator_id, tenant_id)
    if principal is None and is_page:
        raise Refused(AdminReason.TENANT_NOT_FOUND)
    if principal:
        g.principal = principal
        audit_context.set_principal(principal)
        if is_page:
            scope = VIEW_SCOPES[request.endpoint or ""]
            require_scope(principal, tenant_id, scope=scope)


def _find_last_tenant() -> str:
    """Return a tenant for the navigation of pages that belong to none."""
    joined = [
        one.tenant_id for one in sessions.list_memberships(g.operator.operator_id)
    ]
    last = request.args.get("tenant", "")
    return last if last in joined else next(iter(joined), "")
