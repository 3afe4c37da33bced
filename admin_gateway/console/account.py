"""The page on which operators see their sessions and set up a second factor."""

import segno
from flask import Response, g
from flask.typing import ResponseReturnValue

from admin_gateway.console.browser_session import get_browser_session, read_device
from admin_gateway.console.forms import Form, read_form
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.texts import gettext as _
from coupon_core.domain.models import utc_now
from coupon_core.services.operators import account, sessions

QR_SCALE = 4


def show_account() -> str:
    """Show the sessions of the operator."""
    return _render_account(Form())


def _render_account(form: Form) -> str:
    return render(
        "account/index.html",
        form=form,
        sessions=sessions.list_sessions(g.operator.operator_id, utc_now()),
        current_hash=g.operator_session.session_hash,
    )


def submit_session_end() -> Response:
    """End another session of the operator."""
    sessions.end(g.operator.operator_id, read_form().value("session"))
    return redirect_to(url_for_page("account"), _("The session has ended."))


def show_password() -> str:
    """Show the form for another password."""
    return render("account/password.html", form=Form())


def submit_password() -> ResponseReturnValue:
    """Change the password; all other sessions end."""
    form = read_form()
    entered = account.NewPassword(
        form.value("present_password"),
        form.value("password"),
        form.value("repeated_password"),
    )
    token = form.run(
        lambda: account.change_password(g.operator, entered, read_device(), utc_now())
    )
    if token is None:
        return render("account/password.html", form=form), 400
    get_browser_session().token = token
    return redirect_to(url_for_page("account"), _("The password is changed."))


def submit_factor_end() -> ResponseReturnValue:
    """Sign in without a code from now on; all other sessions end."""
    form = read_form()
    token = form.run(
        lambda: account.stop_second_factor(
            g.operator, form.value("code"), read_device(), utc_now()
        )
    )
    if token is None:
        return _render_account(form), 400
    get_browser_session().token = token
    return redirect_to(url_for_page("account"), _("The second factor is off."))


def show_second_factor() -> str:
    """Show a new secret as a QR code."""
    return _render_second_factor(Form())


def submit_second_factor() -> ResponseReturnValue:
    """Require the second factor from now on; show the recovery codes once."""
    form = read_form()
    codes = form.run(
        lambda: account.start_second_factor(
            g.operator,
            form.value("secret"),
            form.value("code"),
            session_hash=g.operator_session.session_hash,
            now=utc_now(),
        )
    )
    if codes is None:
        return _render_second_factor(form), 400
    return render("account/recovery_codes.html", codes=codes)


def _render_second_factor(form: Form) -> str:
    prepared = account.prepare_second_factor(g.operator, form.value("secret"))
    image = segno.make(prepared.uri, error="m").svg_data_uri(scale=QR_SCALE)
    return render("account/second_factor.html", form=form, factor=prepared, image=image)
