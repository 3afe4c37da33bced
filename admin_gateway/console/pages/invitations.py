"""Open invitations of operators: who may still join with a one-time link."""

from flask import g
from flask.typing import ResponseReturnValue

from admin_gateway.console.actions import perform
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import url_for_page
from admin_gateway.console.role_words import ROLES
from admin_gateway.console.tables import Column, read_by_offset, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from coupon_core.domain.models import Page as ListPage
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.models.operators import OpenInvitation
from coupon_core.services.operators import links, memberships

page = Page("invitations", title="", path="/invitations")
COLUMNS = (
    Column("email", N_("E-mail"), lambda one: one.email),
    Column("role", N_("Role"), lambda one: one.link.role),
    Column("invited_by", N_("Invited by"), lambda one: one.link.invited_by),
    Column("created_at", N_("Invited"), lambda one: one.link.created_at),
    Column("expires_at", N_("Valid until"), lambda one: one.link.expires_at),
)


@page.view("", scope=Scope.KEYS)
def index() -> ResponseReturnValue:
    """List the open invitations, the newest first."""

    def list_invitations(part: ListPage) -> tuple[list[OpenInvitation], int]:
        found = links.list_invitations(g.principal.tenant_id, utc_now())
        return found[part.offset : part.offset + part.limit], len(found)

    return respond_with_table(
        "operators/invitations.html",
        COLUMNS,
        read_by_offset(list_invitations),
        roles=ROLES,
        describe_rows=lambda rows: {
            "names": memberships.list_emails({one.link.invited_by for one in rows})
        },
    )


@page.view("/<token_hash>/withdraw", scope=Scope.KEYS, method="POST")
def withdraw(token_hash: str) -> ResponseReturnValue:
    """Withdraw an invitation; its link is invalid at once."""
    return perform(
        lambda: links.withdraw(g.principal.tenant_id, token_hash, utc_now()),
        url_for_page("invitations.index"),
        _("The invitation is withdrawn."),
    )
