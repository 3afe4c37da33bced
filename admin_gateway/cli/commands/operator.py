"""`couponctl operator`: the people who sign in to the console."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import page_options, tenant_option
from admin_gateway.cli.output import json_command, print_secret_notice
from admin_gateway.cli.param_types import EnumChoice
from coupon_core.domain.emails import to_email_key
from coupon_core.domain.models import OperatorReason, utc_now
from coupon_core.domain.models.operators import Member, Role
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.services.access import tenants
from coupon_core.services.errors import require_found
from coupon_core.services.operators import administration, links, memberships
from coupon_core.settings import loader

ROLE_CHOICE = EnumChoice(Role)


def serialize_member(member: Member) -> dict[str, Any]:
    """Return an operator of a tenant as a document."""
    return {
        "operator_id": member.operator_id,
        "email": member.email,
        "role": member.role.value,
        "second_factor": member.has_second_factor,
        "created_at": format_timestamp(member.created_at),
        "disabled_at": format_timestamp(member.disabled_at),
    }


@click.group()
def operator() -> None:
    """Operators, who sign in to the console: invite, list, role, reset, disable."""


@operator.command()
@click.argument("email")
@tenant_option
@click.option("--role", type=ROLE_CHOICE, required=True, help="Role in the tenant.")
@json_command()
def invite(email: str, tenant_id: str, role: Role) -> dict[str, Any]:
    """Create a one-time link with which an operator joins a tenant within 24 hours.

    An operator who is known already joins with the present password.

    Example: `couponctl operator invite anna@example.com --tenant acme --role owner`
    """
    operator_id, token = links.invite(tenant_id, email, role, utc_now())
    return _build_link_document(operator_id, token)


@operator.command("list")
@tenant_option
@page_options
@json_command("operator_id", "email", "role", "second_factor", "disabled_at")
def list_(tenant_id: str, limit: int, offset: int) -> dict[str, Any]:
    """List a tenant's operators, ordered by e-mail address.

    Example: `couponctl operator list --tenant acme`
    """
    tenants.require(tenant_id)
    members = memberships.list_members(tenant_id)
    shown = members[offset : offset + limit]
    return {"operators": [*map(serialize_member, shown)], "total": len(members)}


@operator.command()
@click.argument("email")
@click.argument("role", type=ROLE_CHOICE)
@tenant_option
@json_command()
def role(email: str, role: Role, tenant_id: str) -> dict[str, Any]:
    """Give an operator another role in a tenant, and end the operator's sessions.

    Example: `couponctl operator role anna@example.com manager --tenant acme`
    """
    member = _find_member(tenant_id, email)
    memberships.change_role(tenant_id, member.operator_id, role, utc_now())
    return serialize_member(_find_member(tenant_id, email))


@operator.command()
@click.argument("email")
@click.option("--totp", is_flag=True, help="Also remove the second factor.")
@json_command()
def reset(email: str, totp: bool) -> dict[str, Any]:
    """Create a one-time link to a form for a new password, and end the sessions.

    Example: `couponctl operator reset anna@example.com --totp`
    """
    operator_id, token = administration.reset(
        None, email, removes_factor=totp, now=utc_now()
    )
    return _build_link_document(operator_id, token)


@operator.command()
@click.argument("email")
@json_command()
def disable(email: str) -> dict[str, Any]:
    """Keep an operator from signing in anywhere, and end the sessions (idempotent).

    Example: `couponctl operator disable anna@example.com`
    """
    operator_id = administration.set_disabled(None, email, utc_now())
    return {"operator_id": operator_id, "disabled": True}


@operator.command()
@click.argument("email")
@json_command()
def enable(email: str) -> dict[str, Any]:
    """Let a disabled operator sign in again (idempotent).

    Example: `couponctl operator enable anna@example.com`
    """
    operator_id = administration.set_disabled(None, email, None)
    return {"operator_id": operator_id, "disabled": False}


def _find_member(tenant_id: str, email: str) -> Member:
    members = memberships.list_members(tenant_id)
    by_email = {to_email_key(member.email): member for member in members}
    found = by_email.get(to_email_key(email.strip()))
    return require_found(found, OperatorReason.OPERATOR_NOT_FOUND)


def _build_link_document(operator_id: str, token: str) -> dict[str, Any]:
    print_secret_notice("link")
    url = loader.load().console_url
    return {"operator_id": operator_id, "link": links.build_url(url, token)}
