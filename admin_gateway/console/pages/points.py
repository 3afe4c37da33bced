"""Points of users: balances, the changes of them, and a form to credit or debit."""

from collections.abc import Callable
from datetime import datetime

from flask import g, request
from flask.typing import ResponseReturnValue

from admin_gateway.console.forms import Form, load_query, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.tables import (
    Column,
    read_by_key,
    read_by_offset,
    respond_with_table,
)
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.points import PointChangeSchema, PointsQuerySchema
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.models.points import PointChange, PointEntry
from coupon_core.services.points import wallets

page = Page("points", title=N_("Points"), path="/points", group=N_("Catalogue"))
WALLET_COLUMNS = (
    Column("user_id", N_("Player"), lambda wallet: wallet.user_id),
    Column("point_id", N_("Kind of points"), lambda wallet: wallet.point_id),
    Column("balance", N_("Balance"), lambda wallet: wallet.balance),
    Column("updated_at", N_("Changed"), lambda wallet: wallet.updated_at),
)
ENTRY_COLUMNS = (
    Column("created_at", N_("Time"), lambda entry: entry.created_at),
    Column("user_id", N_("Player"), lambda entry: entry.user_id),
    Column("point_id", N_("Kind of points"), lambda entry: entry.point_id),
    Column("kind", N_("Reason"), lambda entry: entry.kind),
    Column("amount", N_("Change"), lambda entry: entry.amount),
    Column("balance", N_("Balance"), lambda entry: entry.balance),
    Column("reference", N_("Reference"), lambda entry: entry.reference),
    Column("reason", N_("Note"), lambda entry: entry.reason),
)
KINDS = {
    "credit": N_("credited"),
    "debit": N_("debited"),
    "buy": N_("coupon bought"),
    "refund": N_("refunded"),
}


@page.view("", mirrors="points.list_wallets")
def index() -> ResponseReturnValue:
    """List balances by player."""
    filters, form = load_query(PointsQuerySchema())
    return respond_with_table(
        "points/index.html",
        WALLET_COLUMNS,
        read_by_offset(
            lambda part: wallets.list_wallets(g.principal.tenant_id, part, **filters)
        ),
        form=form,
    )


@page.view("/changes", mirrors="points.list_entries")
def list_entries() -> ResponseReturnValue:
    """List every change of a balance, newest first."""
    filters, form = load_query(PointsQuerySchema())
    return respond_with_table(
        "points/changes.html",
        ENTRY_COLUMNS,
        read_by_key(
            lambda part: wallets.list_entries(g.principal.tenant_id, part, **filters),
            lambda entry: entry.entry_id,
        ),
        form=form,
        kinds=KINDS,
    )


@page.view("/change", scope=Scope.COUPONS)
def show_form() -> str:
    """Show the form that credits or debits; the query may name the wallet."""
    return _render_form(Form(request.args) if request.args else Form())


@page.view("/credit", mirrors="points.credit", method="POST")
def credit() -> ResponseReturnValue:
    """Credit points to a player."""
    return _change(wallets.credit)


@page.view("/debit", mirrors="points.debit", method="POST")
def debit() -> ResponseReturnValue:
    """Debit points from a player."""
    return _change(wallets.debit)


def _change(
    service: Callable[[PointChange, datetime], PointEntry],
) -> ResponseReturnValue:
    form = read_form()
    entry = form.submit(
        PointChangeSchema(),
        lambda fields: service(PointChange(g.principal.tenant_id, **fields), utc_now()),
    )
    if entry is None:
        return _render_form(form), 400
    notice = _("%(amount)+d %(point)s: %(user)s now has %(balance)d.") % {
        "amount": entry.amount,
        "point": entry.point_id,
        "user": entry.user_id,
        "balance": entry.balance,
    }
    path = url_for_page("points.list_entries", user_id=entry.user_id)
    return redirect_to(path, notice)


def _render_form(form: Form) -> str:
    return render("points/form.html", form=form)
