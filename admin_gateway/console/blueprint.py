"""Assemble the console: its pages, hooks, templates and headers."""

import hashlib
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, Response, flash, g, request, url_for
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]
from jinja2 import StrictUndefined

from admin_gateway.console import (
    account,
    errors,
    sign_in,
    single_sign_on,
    texts,
    uploads,
)
from admin_gateway.console.access import check_request
from admin_gateway.console.browser_session import ConsoleSessionInterface
from admin_gateway.console.formats import FILTERS
from admin_gateway.console.installation import SETTINGS_EXTENSION
from admin_gateway.console.navigation import can, find_url, list_navigation
from admin_gateway.console.page import VIEW_SCOPES
from admin_gateway.console.pages import PAGES
from admin_gateway.console.paths import PREFIX, is_console_path
from admin_gateway.console.rendering import add_tenant, create_form_key
from admin_gateway.console.report_words import describe
from admin_gateway.console.static_files import StaticFiles
from admin_gateway.refusals import ALL_REFUSALS
from coupon_core.schemas.errors import ApiError
from coupon_core.security.passwords import PasswordsBusy
from coupon_core.security.provider_sign_in import ProviderUnavailable
from coupon_core.services.operators import sessions
from coupon_core.settings.loader import Settings
from coupon_core.web.dialects import ErrorFormat
from coupon_core.web.error_handlers import handle_api_error
from coupon_core.web.idempotency import REPLAYED_HEADER, multi_transaction

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SEARCH_ENDPOINT = "console.code.index"
SUBMITTED_BEFORE = texts.N_(
    "This form was submitted already. Nothing was done a second time."
)
# Rule, view, methods and endpoint of what does not belong to a tenant.
OWN_VIEWS = (
    ("", "GET", "start", sign_in.show_start),
    ("/sign-in", "GET", "sign_in", sign_in.show_sign_in),
    ("/sign-in", "POST", "submit_sign_in", sign_in.submit_sign_in),
    ("/sign-out", "POST", "submit_sign_out", sign_in.submit_sign_out),
    ("/tenant", "POST", "submit_tenant", sign_in.submit_tenant),
    ("/invitations/<token>", "GET", "show_link", sign_in.show_link),
    ("/invitations/<token>", "POST", "submit_link", sign_in.submit_link),
    ("/oidc", "GET", "show_way_to_sign_in", single_sign_on.show_way_to_sign_in),
    ("/oidc/callback", "GET", "receive_answer", single_sign_on.receive_answer),
    (
        *("/invitations/<token>/oidc", "GET"),
        *("show_way_to_use_link", single_sign_on.show_way_to_use_link),
    ),
    ("/account/oidc", "GET", "connection", single_sign_on.show_connection),
    ("/account/oidc", "POST", "submit_connection", single_sign_on.submit_connection),
    ("/account", "GET", "account", account.show_account),
    ("/account/sessions", "POST", "submit_session_end", account.submit_session_end),
    ("/account/password", "GET", "password", account.show_password),
    ("/account/password", "POST", "submit_password", account.submit_password),
    ("/account/code/end", "POST", "submit_factor_end", account.submit_factor_end),
    ("/account/code", "GET", "second_factor", account.show_second_factor),
    ("/account/code", "POST", "submit_second_factor", account.submit_second_factor),
)


ERROR_FORMAT = ErrorFormat(
    PREFIX, refusals=ALL_REFUSALS, respond=errors.respond_to_error
)
"""Errors below the prefix are pages instead of JSON."""


def create() -> Blueprint:
    """Create the blueprint of the console with all pages."""
    console = Blueprint(
        "console", __name__, url_prefix=PREFIX, template_folder="templates"
    )
    files = StaticFiles()
    for rule, method, endpoint, view in OWN_VIEWS:
        # Verifying a password takes too long for one transaction around the view.
        own_view = multi_transaction(view)
        console.add_url_rule(rule, endpoint, own_view, methods=[method])
    console.add_url_rule("/static/<public_name>", "serve_static", files.serve)
    for page in PAGES:
        console.register_blueprint(page)
    console.before_request(check_request)
    console.app_url_defaults(add_tenant)
    console.app_context_processor(lambda: _build_context(files))
    console.register_error_handler(PasswordsBusy, _handle_busy)
    console.register_error_handler(
        ProviderUnavailable, single_sign_on.handle_unavailable
    )
    console.teardown_request(uploads.end_upload)
    return console


def install(app: Flask, settings: Settings) -> None:
    """Prepare an app for the console: sessions, texts, filters and headers."""
    seed = f"console {settings.master_keys[0]}"
    secret_key = hashlib.sha256(seed.encode()).hexdigest()
    app.config["WTF_CSRF_SECRET_KEY"] = secret_key
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a token is valid as long as the session
    app.config["WTF_CSRF_METHODS"] = {"POST"}
    app.config["WTF_CSRF_FIELD_NAME"] = "csrf_token"
    app.config["WTF_CSRF_HEADERS"] = []
    app.config["WTF_CSRF_SSL_STRICT"] = True
    app.config["CONSOLE_URL"] = settings.console_url
    is_secure = settings.console_url.startswith("https:")
    app.session_interface = ConsoleSessionInterface(secret_key, is_secure)
    app.extensions[SETTINGS_EXTENSION] = settings
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(FILTERS, describe=describe)
    # Globals, because imported macros do not see the variables of their page.
    app.jinja_env.globals.update(
        csrf_token=generate_csrf,
        create_form_key=create_form_key,
        can=can,
        find_url=find_url,
    )
    texts.install(app)
    single_sign_on.install(app, settings)
    app.after_request(_add_headers)
    sessions.configure(
        sessions.Lifetimes(
            idle=timedelta(minutes=settings.console_idle_minutes),
            absolute=timedelta(hours=settings.console_session_hours),
        )
    )


def _build_context(files: StaticFiles) -> dict[str, Any]:
    """Return the variables of every template."""
    operator, principal = g.get("operator"), g.get("principal")
    return {
        "file_url": files.find_url,
        "navigation": list_navigation(),
        "operator": operator,
        "principal": principal,
        "list_tenant_ids": _list_tenant_ids,
        "provider_label": single_sign_on.find_label(),
        "search_url": _find_search_url(),
    }


def _list_tenant_ids() -> list[str]:
    joined = sessions.list_memberships(g.operator.operator_id)
    return [one.tenant_id for one in joined]


def _find_search_url() -> str:
    """Return where the search box leads, or "" while no page searches."""
    is_there = SEARCH_ENDPOINT in VIEW_SCOPES and g.get("principal")
    return url_for(SEARCH_ENDPOINT) if is_there else ""


def _add_headers(response: Response) -> Response:
    if is_console_path(request.path):
        response.headers.update(HEADERS)
        if response.status_code == 303 and REPLAYED_HEADER in response.headers:
            flash(texts.gettext(SUBMITTED_BEFORE))
    return response


def _handle_busy(_: PasswordsBusy) -> Response:
    text = texts.N_(
        "Many people are signing in at the moment. Try again in a few seconds."
    )
    return handle_api_error(
        ApiError(503, "UNAVAILABLE", message=text, headers={"Retry-After": "2"})
    )
