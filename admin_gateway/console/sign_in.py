"""Sign in and out, and the pages of one-time links."""

from flask import Response, g, request
from flask.typing import ResponseReturnValue

from admin_gateway.console.browser_session import get_browser_session, read_device
from admin_gateway.console.forms import Form, read_form
from admin_gateway.console.paths import find_own_path
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.texts import gettext as _
from coupon_core.domain.models import AdminReason, Refused, utc_now
from coupon_core.services.operators import links, sessions, sign_in
from coupon_core.services.operators.links import LinkAnswer


def show_start() -> ResponseReturnValue:
    """Lead to the home page of the operator's first tenant."""
    joined = sessions.list_memberships(g.operator.operator_id)
    if not joined:
        return render("sign_in/without_tenant.html"), 403
    return redirect_to(url_for_page("home.index", tenant_id=joined[0].tenant_id))


def show_sign_in() -> str:
    """Show the form to sign in."""
    return render_sign_in(Form(), request.args.get("next", ""))


def submit_sign_in() -> ResponseReturnValue:
    """Sign in and lead to the page that was asked for."""
    form = read_form()
    target = form.value("next")
    token = form.run(
        lambda: sign_in.sign_in(
            form.value("email"),
            form.value("password"),
            form.value("code"),
            device=read_device(),
            now=utc_now(),
        )
    )
    if token is None:
        return render_sign_in(form, target), 401
    get_browser_session().token = token
    return redirect_to(find_own_path(target) or url_for_page("start"))


def render_sign_in(form: Form, target: str) -> str:
    """Return the page to sign in; afterwards it leads to a page of the console."""
    return render("sign_in/sign_in.html", form=form, target=find_own_path(target) or "")


def show_link(token: str) -> str:
    """Show what a one-time link is for; nothing changes."""
    return render_link(token, Form())


def submit_link(token: str) -> ResponseReturnValue:
    """Use a one-time link: sign in, and lead to the home page of its tenant."""
    form = read_form()
    answer = LinkAnswer(
        form.value("password"), form.value("repeated_password"), form.value("code")
    )
    result = form.run(lambda: links.use_link(token, answer, read_device(), utc_now()))
    if result is None:
        return render_link(token, form), 400
    get_browser_session().token, tenant_id = result
    return redirect_to(find_home(tenant_id), _("You are signed in."))


def find_home(tenant_id: str) -> str:
    """Return the path of the home page of a tenant, which may be "" after a reset."""
    if not tenant_id:
        return url_for_page("start")
    return url_for_page("home.index", tenant_id=tenant_id)


def render_link(token: str, form: Form) -> str:
    """Return the page of a one-time link."""
    link_form = links.open_link(token, utc_now())
    return render("sign_in/link.html", form=form, link_form=link_form, token=token)


def submit_sign_out() -> Response:
    """End the session, or all sessions of the operator."""
    if request.form.get("everywhere"):
        sessions.end_all(g.operator.operator_id)
    else:
        sessions.end(g.operator.operator_id, g.operator_session.session_hash)
    get_browser_session().token = ""
    return redirect_to(url_for_page("sign_in"), _("You are signed out."))


def submit_tenant() -> Response:
    """Lead to the home page of the tenant that was selected in the header."""
    tenant_id = read_form().value("tenant_id")
    if sessions.find_principal(g.operator.operator_id, tenant_id) is None:
        raise Refused(AdminReason.TENANT_NOT_FOUND)
    return redirect_to(url_for_page("home.index", tenant_id=tenant_id))
