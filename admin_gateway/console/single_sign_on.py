"""Sign in at an OpenID Connect provider: the way there and back.

What the answer must match is in a signed cookie meanwhile, so that it is accepted only
in the browser that has asked, once.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import structlog
from flask import Flask, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue

from admin_gateway.console import sign_in
from admin_gateway.console.browser_session import get_browser_session, read_device
from admin_gateway.console.forms import Form, read_form
from admin_gateway.console.installation import get_settings
from admin_gateway.console.paths import CALLBACK_PATH, find_own_path
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from coupon_core.domain.models import OperatorReason, Refused, utc_now
from coupon_core.domain.models.operators import ProviderAccount
from coupon_core.schemas.errors import ApiError
from coupon_core.security.provider_sign_in import Challenge, ProviderUnavailable
from coupon_core.services.operators import links, provider_accounts
from coupon_core.web.error_handlers import handle_api_error
from coupon_core.web.idempotency import safe_post

if TYPE_CHECKING:
    from coupon_core.security.openid_connect import Provider
    from coupon_core.settings.loader import Settings

log = structlog.get_logger("coupon.oidc")
PROVIDER_EXTENSION = "coupon.console_provider"
# What a sign-in at the provider is for.
SIGN_IN, LINK, CONNECT = "sign-in", "link", "connect"
TOO_OLD = N_(
    "This sign-in has taken too long, was used already or was started in another "
    "browser. Sign in again."
)


def install(app: Flask, settings: Settings) -> None:
    """Prepare the provider, if one is set and the extra is installed."""
    app.extensions[PROVIDER_EXTENSION] = None
    if not settings.oidc_issuer:
        return
    try:  # most installations have no provider, and not the libraries for one
        from coupon_core.security.openid_connect import Provider
    except ImportError:
        log.warning(
            "oidc_not_installed",
            detail="COUPON_OIDC_ISSUER is set, but nobody can sign in there: install "
            'the extra "oidc".',
        )
        return
    app.extensions[PROVIDER_EXTENSION] = Provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        callback_url=settings.console_url + CALLBACK_PATH,
    )


def find_label() -> str:
    """Return the name of the provider for buttons, or "" without one."""
    return (
        get_settings().oidc_label if current_app.extensions[PROVIDER_EXTENSION] else ""
    )


def show_way_to_sign_in() -> Response:
    """Lead to the provider; afterwards to the page that was asked for."""
    target = find_own_path(request.args.get("next", "")) or ""
    return redirect_to(_start(SIGN_IN, target))


def show_way_to_use_link(token: str) -> Response:
    """Lead to the provider, to use a one-time link with an account there."""
    links.open_link(token, utc_now())
    return redirect_to(_start(LINK, token))


def show_connection() -> str:
    """Show the form that connects an account at the provider."""
    return _render_connection(Form())


@safe_post  # a transaction around it would wait for the provider
def submit_connection() -> ResponseReturnValue:
    """Check the password, and show the way to the provider.

    A link instead of a redirect, which the content security policy forbids for forms.
    """
    form = read_form()

    def check() -> str:
        provider_accounts.require_credentials(
            g.operator,
            form.value("present_password"),
            form.value("code"),
            device=read_device(),
            now=utc_now(),
        )
        return _start(CONNECT, g.operator.operator_id)

    url = form.run(check)
    if url is None:
        return _render_connection(form), 400
    return _render_connection(form, url)


def _render_connection(form: Form, url: str = "") -> str:
    _require_provider()
    return render("account/connection.html", form=form, provider_url=url)


def receive_answer() -> ResponseReturnValue:
    """Sign in with the account that the provider has found."""
    session = get_browser_session()
    asked, session.pending_sign_in = session.pending_sign_in, None
    form = Form()
    if not asked or request.args.get("state") != asked["state"]:
        form.message = _(TOO_OLD)
        return sign_in.render_sign_in(form, ""), 400
    purpose, target = asked.pop("purpose"), asked.pop("target")
    result = form.run(lambda: _use_answer(purpose, target, Challenge(**asked)))
    if result is None:
        return _render_refusal(purpose, target, form=form)
    session.token, path = result
    return redirect_to(path, "" if purpose == SIGN_IN else _("You are signed in."))


def _use_answer(purpose: str, target: str, challenge: Challenge) -> tuple[str, str]:
    """Return the token of the new session, and where to go."""
    device, now = read_device(), utc_now()

    def find_account() -> ProviderAccount:
        code = request.args.get("code", "")
        if not code:  # the provider says why in `error`, in words for programs
            raise Refused(OperatorReason.PROVIDER_REFUSED)
        return _require_provider().finish(code, challenge)

    if purpose == LINK:
        token, tenant_id = provider_accounts.use_link_with_account(
            target, find_account, device=device, now=now
        )
        return token, sign_in.find_home(tenant_id)
    if purpose == CONNECT:
        if g.operator is None or g.operator.operator_id != target:
            raise Refused(OperatorReason.OTHER_ACCOUNT)
        token = provider_accounts.connect(
            g.operator, find_account, device=device, now=now
        )
        return token, url_for_page("account")
    token = provider_accounts.sign_in_with_account(find_account, device, now)
    return token, target or url_for_page("start")


def _render_refusal(purpose: str, target: str, form: Form) -> ResponseReturnValue:
    if purpose == LINK:
        return sign_in.render_link(target, form), 403
    if purpose == CONNECT and g.operator:
        return _render_connection(form), 403
    return sign_in.render_sign_in(form, target), 403


def _start(purpose: str, target: str) -> str:
    """Return the URL at the provider; remember what its answer must match."""
    url, challenge = _require_provider().start()
    get_browser_session().pending_sign_in = {
        "purpose": purpose,
        "target": target,
        **asdict(challenge),
    }
    return url


def _require_provider() -> Provider:
    provider: Provider | None = current_app.extensions[PROVIDER_EXTENSION]
    if provider is None:
        abort(404)
    return provider


def handle_unavailable(_error: ProviderUnavailable) -> Response:
    """Return the page that says that the provider cannot be reached."""
    text = N_(
        "The provider at which you sign in cannot be reached, or did not answer as "
        "expected. Try again in a minute, or sign in with your password."
    )
    return handle_api_error(
        ApiError(503, "UNAVAILABLE", message=text, headers={"Retry-After": "60"})
    )
