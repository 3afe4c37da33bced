"""Operators: what changes while somebody signs in, and links that become invalid."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
import pytest

from coupon_core.domain.models import OperatorReason, Refused, utc_now
from coupon_core.domain.models.operators import Operator, Role
from coupon_core.persistence.repositories import operators as operator_repository
from coupon_core.security import encryption, passwords, second_factor
from coupon_core.services.operators import (
    account,
    administration,
    links,
    memberships,
    sessions,
    sign_in,
)
from coupon_core.services.operators.links import LinkAnswer
from coupon_core.services.operators.sessions import Device
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import run_concurrently

NOW = utc_now()
PASSWORD, OTHER_PASSWORD = "correct horse battery", "another long password"
DEVICE = Device("192.0.2.1", "Firefox")
SECRET = "A" * 32


def join(tenant: TenantFactory, role: Role = Role.VIEWER, name: str = "anna") -> str:
    """Return the address of a new operator of the tenant."""
    email = f"{name}@{tenant.tenant_id}.example"
    _, token = links.invite(tenant.tenant_id, email, role, NOW)
    links.use_link(token, LinkAnswer(PASSWORD, PASSWORD), DEVICE, NOW)
    return email


def disable(email: str) -> None:
    """Disable an operator."""
    administration.set_disabled(None, email, NOW)


def change_password(email: str) -> None:
    """Replace the password of an operator, as the holder of a link does."""
    _, token = administration.reset(None, email, removes_factor=False, now=NOW)
    links.use_link(token, LinkAnswer(OTHER_PASSWORD, OTHER_PASSWORD), DEVICE, NOW)
    end_sessions(email)


def require_code(email: str) -> None:
    """Set up a second factor."""
    operator = find(email)
    code = pyotp.TOTP(SECRET).at(NOW)
    account.start_second_factor(operator, SECRET, code, session_hash="", now=NOW)


def find(email: str) -> Operator:
    """Return an operator."""
    operator = operator_repository.find_by_email(email)
    assert operator is not None
    return operator


def end_sessions(email: str) -> None:
    """End all sessions of an operator."""
    sessions.end_all(find(email).operator_id)


@pytest.mark.parametrize("change", [disable, change_password, require_code])
def test_a_change_during_the_sign_in_leaves_no_session(
    tenant: TenantFactory,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[str], None],
) -> None:
    email, verify = join(tenant), passwords.verify_password
    end_sessions(email)

    def verify_slowly(password_hash: str, password: str) -> bool:
        is_right = verify(password_hash, password)
        monkeypatch.setattr(passwords, "verify_password", verify)
        change(email)
        return is_right

    monkeypatch.setattr(passwords, "verify_password", verify_slowly)
    with pytest.raises(Refused) as refused:
        sign_in.sign_in(email, PASSWORD, "", device=DEVICE, now=NOW)
    assert refused.value.reason == OperatorReason.SIGN_IN_FAILED
    assert sessions.list_sessions(find(email).operator_id, NOW) == []


def join_other_tenant(email: str) -> None:
    """Join another tenant with the present password."""
    _, token = links.invite(create_tenant().tenant_id, email, Role.OWNER, NOW)
    links.use_link(token, LinkAnswer(PASSWORD), DEVICE, NOW)


def change_own_password(email: str) -> None:
    """Change the password with the present one."""
    entered = account.NewPassword(PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD)
    account.change_password(find(email), entered, DEVICE, NOW)


@pytest.mark.parametrize("change", [join_other_tenant, change_own_password])
def test_a_link_to_a_new_password_ends_when_the_operator_uses_the_present_one(
    tenant: TenantFactory, change: Callable[[str], None]
) -> None:
    """The owner who has made the link may not control the operator any more."""
    email = join(tenant)
    _, token = administration.reset(None, email, removes_factor=False, now=NOW)
    change(email)
    with pytest.raises(Refused) as refused:
        links.open_link(token, NOW)
    assert refused.value.reason == OperatorReason.LINK_INVALID


def test_a_reset_and_a_new_membership_at_once_leave_no_link_to_both_tenants(
    tenant: TenantFactory,
) -> None:
    owner_id = find(join(tenant, Role.OWNER, "owner")).operator_id
    principal = sessions.find_principal(owner_id, tenant.tenant_id)
    for number in range(5):
        email = join(tenant, name=f"anna{number}")
        other = create_tenant().tenant_id
        _, invitation = links.invite(other, email, Role.OWNER, NOW)

        def reset(email: str = email) -> str:
            return administration.reset(
                principal, email, removes_factor=False, now=NOW
            )[1]

        def accept(token: str = invitation) -> object:
            return links.use_link(token, LinkAnswer(PASSWORD), DEVICE, NOW)

        token, accepted = run_concurrently([reset, accept])
        assert isinstance(accepted, tuple), accepted
        if token != OperatorReason.OPERATOR_OF_OTHER_TENANTS:
            with pytest.raises(Refused):
                links.open_link(token, NOW)


def test_a_second_factor_is_replaced_only_after_it_was_turned_off(
    tenant: TenantFactory,
) -> None:
    email = join(tenant)
    before = find(email)
    require_code(email)
    secret = second_factor.generate_secret()
    code = pyotp.TOTP(secret).at(NOW)
    for operator in (before, find(email)):  # also from a page that was open before
        with pytest.raises(Refused) as refused:
            account.start_second_factor(operator, secret, code, "", NOW)
        assert refused.value.reason == OperatorReason.SECOND_FACTOR_PRESENT
    assert encryption.decrypt(find(email).totp_sealed or "") == SECRET
    with pytest.raises(Refused) as refused:
        account.prepare_second_factor(find(email))
    assert refused.value.reason == OperatorReason.SECOND_FACTOR_PRESENT


@pytest.mark.parametrize(
    "secret",
    ["", "A", "0" * 32, "A" * 33, "\0", "Ä" * 32],
    ids=["empty", "short", "other digits", "long", "NUL", "not ASCII"],
)
def test_a_secret_that_was_not_generated_is_refused(
    tenant: TenantFactory, secret: str
) -> None:
    operator = find(join(tenant))
    with pytest.raises(Refused) as refused:
        account.start_second_factor(operator, secret, "000000", "", NOW)
    assert refused.value.reason == OperatorReason.WRONG_SECOND_FACTOR
    assert account.prepare_second_factor(operator, secret).secret != secret


def test_two_owners_who_remove_each_other_leave_one(tenant: TenantFactory) -> None:
    ids = [find(join(tenant, Role.OWNER, name)).operator_id for name in ("a", "b")]

    def remove(operator_id: str) -> Callable[[], None]:
        return lambda: memberships.remove(tenant.tenant_id, operator_id)

    run_concurrently([remove(one) for one in ids])
    assert len(memberships.list_members(tenant.tenant_id)) == 1


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_a_code_signs_in_once_at_the_same_moment(
    tenant: TenantFactory, kind: str
) -> None:
    email = join(tenant)
    operator = find(email)
    app_code = pyotp.TOTP(SECRET).at(NOW)
    (recovery, *_) = account.start_second_factor(operator, SECRET, app_code, "", NOW)
    later = pyotp.TOTP(SECRET).at(int(NOW.timestamp()) + 30)
    code = recovery if kind == "recovery" else later

    def enter() -> str:
        return sign_in.sign_in(email, PASSWORD, code, device=DEVICE, now=NOW)

    outcomes = run_concurrently([enter, enter, enter])
    refused = [one for one in outcomes if one == OperatorReason.WRONG_SECOND_FACTOR]
    assert len(refused) == 2, outcomes
