"""Page of operators: invitations, roles, resets and access."""

from __future__ import annotations

import re

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.observability import audit_context
from coupon_core.services.access import tenants
from coupon_core.services.operators import memberships
from tests.support.admin_client import AdminClient
from tests.support.console_client import PASSWORD, Browser, invite, sign_in_as

HOME = "/console/t/acme"


def find_link(page: str) -> str:
    """Return the path of the one-time link that a page shows."""
    found = re.search(r"class=\"secret\">\S*(/console/invitations/[\w-]+)", page)
    assert found, page
    return found[1]


def find_id(email: str) -> str:
    """Return the ID of an operator of the tenant."""
    (found,) = [one for one in memberships.list_members("acme") if one.email == email]
    return found.operator_id


def test_an_invited_operator_joins_with_the_link(admin: AdminClient) -> None:
    owner = sign_in_as(admin, Role.OWNER)
    owner.open(f"{HOME}/operators/invite")
    wrong = owner.submit("/invite", email="nobody", role="viewer")
    assert wrong.status_code == 400
    assert 'id="email-error"' in owner.page
    invited = owner.submit("/invite", email="bob@acme.example", role="viewer")
    assert invited.status_code == 201
    link = find_link(invited.text)
    assert "bob@acme.example" not in owner.open(f"{HOME}/operators").text

    bob = Browser(admin.app)
    bob.open(link)
    bob.submit(password=PASSWORD, repeated_password=PASSWORD)
    assert "bob@acme.example" in owner.open(f"{HOME}/operators").text
    assert bob.open(f"{HOME}/operators").status_code == 403
    assert "/operators" not in bob.open(HOME).text


def test_an_open_invitation_is_listed_and_withdrawn(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    owner = sign_in_as(admin, Role.OWNER)
    audit_context.start_context(audit_context.CLI_ACTOR)
    invite("acme", Role.MANAGER, "cli@acme.example")
    invite("globex", Role.OWNER, "eve@globex.example")
    owner.open(f"{HOME}/operators/invite")
    created = owner.submit("/invite", email="bob@acme.example", role="viewer")
    link = find_link(created.text)
    assert "2 open invitations" in owner.open(f"{HOME}/operators").text
    rows = owner.open(f"{HOME}/invitations?format=csv").text.splitlines()
    assert [row.split(",")[:2] for row in rows[1:]] == [
        ["bob@acme.example", "viewer"],
        ["cli@acme.example", "manager"],
    ]
    page = owner.open(f"{HOME}/invitations").text
    assert "<td>owner@acme.example</td>" in page
    assert "<td>cli</td>" in page
    assert "eve@globex.example" not in page
    stranger = sign_in_as(other_admin, Role.OWNER, tenant_id="globex")
    (action, _other) = re.findall(r'action="/console/t/acme(\S+/withdraw)"', page)
    stranger.open("/console/t/globex/invitations")
    token = stranger.find_form()["fields"]["csrf_token"]
    for tenant_id in ("globex", "acme"):
        path = f"/console/t/{tenant_id}{action}"
        stranger.client.post(path, data={"csrf_token": token})
    bob = Browser(admin.app)
    assert bob.open(link).status_code == 200
    owner.submit(action)
    assert "The invitation is withdrawn." in owner.page
    assert "bob@acme.example" not in owner.page
    assert bob.submit(password=PASSWORD, repeated_password=PASSWORD).status_code == 404
    entries = owner.open(f"{HOME}/audit?action=operator.invitation_withdrawn").text
    assert entries.count("owner@acme.example</span>") == 1


def test_a_changed_role_ends_the_sessions(admin: AdminClient) -> None:
    owner, bob = sign_in_as(admin, Role.OWNER), sign_in_as(admin, Role.VIEWER)
    owner.open(f"{HOME}/operators/{find_id('viewer@acme.example')}/role")
    owner.submit("/role", role="manager")
    assert "is changed." in owner.page
    assert "/sign-in" in bob.open(HOME).request.full_path
    owner.open(f"{HOME}/operators/{find_id('owner@acme.example')}/role")
    assert owner.submit("/role", role="viewer").status_code == 400
    assert "last owner" in owner.page


def test_operators_are_disabled_enabled_reset_and_removed(admin: AdminClient) -> None:
    owner, bob = sign_in_as(admin, Role.OWNER), sign_in_as(admin, Role.VIEWER)
    path = f"{HOME}/operators/{find_id('viewer@acme.example')}"
    for action, notice in (
        ("disable", "is disabled."),
        ("enable", "can sign in again."),
    ):
        owner.open(f"{path}/{action}")
        owner.submit(f"/{action}")
        assert notice in owner.page
    assert "/sign-in" in bob.open(HOME).request.full_path
    owner.open(f"{path}/reset")
    link = find_link(owner.submit("/reset").text)
    assert bob.open(link).status_code == 200
    owner.open(f"{path}/remove")
    owner.submit("/remove")
    assert "is removed" in owner.page
    assert owner.open(f"{path}/role").status_code == 404
    own = f"{HOME}/operators/{find_id('owner@acme.example')}"
    for action in ("disable", "remove"):
        owner.open(f"{own}/{action}")
        assert owner.submit(f"/{action}").status_code == 409
        assert "last owner" in owner.page


def test_operators_of_other_tenants_are_not_reset_or_disabled(
    admin: AdminClient,
) -> None:
    tenants.create("globex", utc_now())
    owner = sign_in_as(admin, Role.OWNER)
    sign_in_as(admin, Role.OWNER, "eve@globex.example", "globex")
    eve_id = memberships.list_members("globex")[0].operator_id
    assert owner.open(f"{HOME}/operators/{eve_id}/reset").status_code == 404
    owner.open(f"{HOME}/operators/invite")
    invitation = find_link(
        owner.submit("/invite", email="eve@globex.example", role="viewer").text
    )
    eve = Browser(admin.app)
    eve.open(invitation)
    eve.submit(password=PASSWORD)
    for action in ("reset", "disable"):
        owner.open(f"{HOME}/operators/{eve_id}/{action}")
        refused = owner.submit(f"/{action}")
        assert refused.status_code == 409
        assert "tenants that you do not own" in refused.text
