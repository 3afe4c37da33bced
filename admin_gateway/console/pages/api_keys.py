"""API keys: the list, a form for a new one, and revocation."""

from typing import Any
from uuid import UUID

from flask import Response, g
from flask.typing import ResponseReturnValue

from admin_gateway.console.forms import Form, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.tables import Column, read_by_offset, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.api_keys import CreateApiKeySchema
from coupon_core.domain.models import ApiKey, Scope, utc_now
from coupon_core.services.access import tenants

page = Page(
    "api_keys",
    title=N_("API keys"),
    path="/api-keys",
    group=N_("Access"),
    key="k",
)
COLUMNS = (
    Column("name", N_("Name"), lambda key: key.name),
    Column("scopes", N_("Scopes"), lambda key: ", ".join(sorted(key.scopes))),
    Column("created_at", N_("Created"), lambda key: key.created_at),
    Column("expires_at", N_("Expires"), lambda key: key.expires_at),
    Column("revoked_at", N_("State"), lambda key: key.revoked_at),
)
SCOPE_WORDS = {
    Scope.READ: N_("see everything except secrets"),
    Scope.DEFINITIONS: N_("rewards, definitions and campaigns"),
    Scope.COUPONS: N_("generate, import and change codes; points"),
    Scope.SUPPORT: N_("correct or assign one code at a time"),
    Scope.EXPORT: N_("download all codes"),
    Scope.EVENTS: N_("webhooks, messages and dead letters"),
    Scope.KEYS: N_("API keys and secrets"),
    Scope.PRIVACY: N_("export and erase what is stored about players"),
    Scope.OPERATORS: N_("operators of the installation"),
}


@page.view("", mirrors="api_keys.list_all")
def index() -> ResponseReturnValue:
    """List the keys, newest first."""
    return respond_with_table(
        "api_keys/index.html",
        COLUMNS,
        read_by_offset(lambda part: tenants.list_keys(g.principal.tenant_id, part)),
        now=utc_now(),
    )


@page.view("/new", mirrors="api_keys.create", method="POST")
def create() -> ResponseReturnValue:
    """Create a key and show it once."""
    form = read_form()
    created = form.submit(CreateApiKeySchema(), _create_key)
    if created is None:
        return _render_form(form), 400
    key, plain_text = created
    return render("api_keys/created.html", key=key, plain_text=plain_text), 201


def _create_key(fields: dict[str, Any]) -> tuple[ApiKey, str]:
    caller = g.principal
    return tenants.create_key(
        caller,
        caller.tenant_id,
        name=fields["name"],
        scopes=frozenset(fields.get("scopes", caller.scopes)),
        expires_at=fields.get("expires_at"),
        now=utc_now(),
    )


@page.view("/new", scope=Scope.KEYS)
def show_form() -> str:
    """Show the form for a new key."""
    return _render_form(Form())


def _render_form(form: Form) -> str:
    options = [
        (scope.value, f"{scope.value}: {_(SCOPE_WORDS[scope])}")
        for scope in sorted(g.principal.scopes)
    ]
    return render("api_keys/form.html", form=form, options=options)


@page.view("/<uuid:key_id>/revoke", scope=Scope.KEYS)
def confirm_revoke(key_id: UUID) -> str:
    """Ask before a key is revoked."""
    key = tenants.get_key(g.principal.tenant_id, str(key_id))
    return render("api_keys/revoke.html", key=key)


@page.view("/<uuid:key_id>/revoke", mirrors="api_keys.revoke", method="POST")
def revoke(key_id: UUID) -> Response:
    """Revoke a key immediately."""
    key = tenants.revoke_key(g.principal.tenant_id, str(key_id), now=utc_now())
    notice = _('The key "%(name)s" is revoked.') % {"name": key.name}
    return redirect_to(url_for_page("api_keys.index"), notice)
