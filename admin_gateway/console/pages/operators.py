"""Operators: who works with the console in this tenant, and with which role."""

from typing import Any
from uuid import UUID

from flask import current_app, g
from flask.typing import ResponseReturnValue

from admin_gateway.console.actions import Question, ask, carry_out
from admin_gateway.console.forms import Form, fill_form, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.role_words import ROLES
from admin_gateway.console.tables import Column, read_by_offset, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.fields import EnumField
from coupon_core.domain.models import OperatorReason, Scope, utc_now
from coupon_core.domain.models import Page as ListPage
from coupon_core.domain.models.operators import Member, Role
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.fields import StrictString
from coupon_core.services.errors import require_found
from coupon_core.services.operators import administration, links, memberships

page = Page(
    "operators",
    title=N_("Operators"),
    path="/operators",
    group=N_("Access"),
    key="o",
)
COLUMNS = (
    Column("email", N_("E-mail"), lambda member: member.email),
    Column("role", N_("Role"), lambda member: member.role),
    Column("second_factor", N_("Second factor"), lambda one: one.has_second_factor),
    Column("created_at", N_("Joined"), lambda member: member.created_at),
    Column("disabled_at", N_("State"), lambda member: member.disabled_at),
)


class RoleSchema(StrictSchema):
    """Another role of an operator."""

    role = EnumField(Role, required=True)


class InvitationSchema(RoleSchema):
    """An operator to invite; the service checks the address."""

    email = StrictString(required=True)


@page.view("", scope=Scope.KEYS)
def index() -> ResponseReturnValue:
    """List the operators by e-mail address."""
    return respond_with_table(
        "operators/index.html",
        COLUMNS,
        read_by_offset(_list_members),
        roles=ROLES,
        own_id=g.operator.operator_id,
        invitation_count=len(links.list_invitations(g.principal.tenant_id, utc_now())),
    )


def _list_members(part: ListPage) -> tuple[list[Member], int]:
    members = memberships.list_members(g.principal.tenant_id)
    return members[part.offset : part.offset + part.limit], len(members)


@page.view("/invite", scope=Scope.KEYS)
def show_invitation() -> str:
    """Show the form that invites an operator."""
    return _render_form("operators/invite.html", Form())


@page.view("/invite", scope=Scope.KEYS, method="POST")
def invite() -> ResponseReturnValue:
    """Create a one-time link and show it once."""
    form = read_form()

    def create_link(fields: dict[str, Any]) -> tuple[str, str]:
        return links.invite(
            g.principal.tenant_id, fields["email"], fields["role"], utc_now()
        )

    created = form.submit(InvitationSchema(), create_link)
    if created is None:
        return _render_form("operators/invite.html", form), 400
    return _render_link(form.value("email").strip(), created[1], 201)


@page.view("/<uuid:operator_id>/role", scope=Scope.KEYS)
def show_role(operator_id: UUID) -> str:
    """Show the form for another role."""
    member = _get(operator_id)
    form = fill_form(RoleSchema(), {"role": member.role})
    return _render_form("operators/role.html", form, member)


@page.view("/<uuid:operator_id>/role", scope=Scope.KEYS, method="POST")
def change_role(operator_id: UUID) -> ResponseReturnValue:
    """Give an operator another role; the sessions of the operator end."""
    form, member = read_form(), _get(operator_id)

    def change(fields: dict[str, Any]) -> bool:
        memberships.change_role(
            g.principal.tenant_id, member.operator_id, fields["role"], utc_now()
        )
        return True

    if form.submit(RoleSchema(), change) is None:
        return _render_form("operators/role.html", form, member), 400
    notice = _("The role of %(email)s is changed.") % {"email": member.email}
    return redirect_to(url_for_page("operators.index"), notice)


def _render_form(template: str, form: Form, member: Member | None = None) -> str:
    options = [(role.value, _(text)) for role, text in ROLES.items()]
    return render(template, form=form, member=member, options=options)


@page.view("/<uuid:operator_id>/reset", scope=Scope.KEYS)
def show_reset(operator_id: UUID) -> str:
    """Ask before the password of an operator can be replaced."""
    return render("operators/reset.html", form=Form(), member=_get(operator_id))


@page.view("/<uuid:operator_id>/reset", scope=Scope.KEYS, method="POST")
def reset(operator_id: UUID) -> ResponseReturnValue:
    """Create a one-time link for a new password and show it once."""
    form, member = read_form(), _get(operator_id)
    created = form.run(
        lambda: administration.reset(
            g.principal,
            member.email,
            removes_factor=form.is_checked("removes_factor", "True"),
            now=utc_now(),
        )
    )
    if created is None:
        return render("operators/reset.html", form=form, member=member), 409
    return _render_link(member.email, created[1], 200)


def _render_link(email: str, token: str, status: int) -> ResponseReturnValue:
    url = links.build_url(current_app.config["CONSOLE_URL"], token)
    return render("operators/link.html", email=email, link=url), status


@page.view(
    "/<uuid:operator_id>/<any(disable, enable, remove):action>", scope=Scope.KEYS
)
def confirm(operator_id: UUID, action: str) -> str:
    """Ask before an operator is disabled, enabled or removed."""
    return ask(_build_question(_get(operator_id), action))


@page.view(
    "/<uuid:operator_id>/<any(disable, enable, remove):action>",
    scope=Scope.KEYS,
    method="POST",
)
def change_access(operator_id: UUID, action: str) -> ResponseReturnValue:
    """Disable, enable or remove an operator; the sessions of the operator end."""
    member = _get(operator_id)

    def change() -> None:
        if action == "remove":
            memberships.remove(g.principal.tenant_id, member.operator_id)
        else:
            disabled_at = utc_now() if action == "disable" else None
            administration.set_disabled(g.principal, member.email, disabled_at)

    notice = {
        "disable": _("%(email)s is disabled."),
        "enable": _("%(email)s can sign in again."),
        "remove": _("%(email)s is removed from this tenant."),
    }[action]
    question = _build_question(member, action)
    return carry_out(question, change, notice % {"email": member.email})


def _build_question(member: Member, action: str) -> Question:
    title, text, button = {
        "disable": (
            _("Disable %(email)s?"),
            _("The operator is signed out everywhere and cannot sign in until somebody "
              "enables the operator again."),
            _("Disable the operator"),
        ),
        "enable": (
            _("Enable %(email)s?"),
            _("The operator can sign in again, with the role that is shown here."),
            _("Enable the operator"),
        ),
        "remove": (
            _("Remove %(email)s?"),
            _("The operator is signed out and does not see this tenant any more. To "
              "return, the operator needs a new invitation."),
            _("Remove the operator"),
        ),
    }[action]  # fmt: skip
    back = url_for_page("operators.index")
    return Question(title % {"email": member.email}, text, button, back)


def _get(operator_id: UUID) -> Member:
    members = memberships.list_members(g.principal.tenant_id)
    by_id = {member.operator_id: member for member in members}
    return require_found(by_id.get(str(operator_id)), OperatorReason.OPERATOR_NOT_FOUND)
