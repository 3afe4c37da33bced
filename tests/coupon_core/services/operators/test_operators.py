"""Operators: links, sign-in, second factor, sessions, and who may change whom."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from coupon_core.domain.models import OperatorReason, Refused, Scope, utc_now
from coupon_core.domain.models.audit import AuditFilter
from coupon_core.domain.models.coupons import Page
from coupon_core.domain.models.operators import Role
from coupon_core.persistence.repositories import operators as operator_repository
from coupon_core.security import passwords
from coupon_core.security.rate_limiting import code_guessing, sign_in_limits
from coupon_core.security.rate_limiting.policy import RateLimitExceeded
from coupon_core.services import audit
from coupon_core.services.access import tenants
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

NOW = utc_now()
PASSWORD = "correct horse battery"
DEVICE = Device("192.0.2.1", "Firefox")


@pytest.fixture
def other_tenant(tenant: TenantFactory) -> TenantFactory:
    return create_tenant()


def address_of(tenant: TenantFactory, name: str = "anna") -> str:
    """Return an address that no other test uses."""
    return f"{name}@{tenant.tenant_id}.example"


def join(tenant: TenantFactory, role: Role, name: str = "anna") -> tuple[str, str]:
    """Invite a new operator, who accepts; return the id and the session."""
    operator_id, token = links.invite(
        tenant.tenant_id, address_of(tenant, name), role, NOW
    )
    answer = LinkAnswer(PASSWORD, PASSWORD)
    session, _ = links.use_link(token, answer, DEVICE, NOW)
    return operator_id, session


def refusal(call: object, *args: object, **kwargs: object) -> object:
    """Return the reason for which a call is refused."""
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)  # type: ignore[operator]
    return caught.value.reason


def test_a_membership_begins_only_when_the_link_is_used(tenant: TenantFactory) -> None:
    tenant_id = tenant.tenant_id
    operator_id, token = links.invite(tenant_id, address_of(tenant), Role.MANAGER, NOW)
    assert sessions.find_principal(operator_id, tenant_id) is None
    links.open_link(token, NOW)
    assert sessions.find_principal(operator_id, tenant_id) is None
    session, target = links.use_link(token, LinkAnswer(PASSWORD, PASSWORD), DEVICE, NOW)
    principal = sessions.find_principal(operator_id, tenant_id)
    assert principal is not None
    assert Scope.DEFINITIONS in principal.scopes
    assert Scope.KEYS not in principal.scopes
    assert target == tenant_id
    assert sessions.find(session, NOW) is not None
    entries, _ = audit.list_entries(tenant_id, AuditFilter(), Page())
    joined = next(entry for entry in entries if entry.action == "operator.joined")
    assert joined.actor == f"operator:{operator_id}"
    assert memberships.list_emails({joined.actor, "cli"}) == {
        joined.actor: address_of(tenant)
    }


def test_a_link_is_used_once_and_expires(tenant: TenantFactory) -> None:
    answer = LinkAnswer(PASSWORD, PASSWORD)
    _, token = links.invite(tenant.tenant_id, address_of(tenant), Role.VIEWER, NOW)
    later = NOW + links.LINK_LIFETIME
    for reason in (
        refusal(links.use_link, token, answer, DEVICE, later),
        refusal(links.open_link, "x" * 43, NOW),
    ):
        assert reason == OperatorReason.LINK_INVALID
    links.use_link(token, answer, DEVICE, NOW)
    again = refusal(links.use_link, token, answer, DEVICE, NOW)
    assert again == OperatorReason.LINK_INVALID


@pytest.mark.parametrize(
    ("password", "repeated", "reason"),
    [
        ("short", "short", OperatorReason.PASSWORD_TOO_SHORT),
        ("x" * 257, "x" * 257, OperatorReason.PASSWORD_TOO_LONG),
        (PASSWORD, PASSWORD + "x", OperatorReason.PASSWORDS_DIFFER),
    ],
    ids=["short", "long", "different"],
)
def test_an_unfit_password_leaves_the_link_usable(
    tenant: TenantFactory, password: str, repeated: str, reason: OperatorReason
) -> None:
    _, token = links.invite(tenant.tenant_id, address_of(tenant), Role.VIEWER, NOW)
    answer = LinkAnswer(password, repeated)
    assert refusal(links.use_link, token, answer, DEVICE, NOW) == reason
    links.use_link(token, LinkAnswer(PASSWORD, PASSWORD), DEVICE, NOW)


def test_an_invitation_of_a_known_operator_asks_for_the_known_password(
    tenant: TenantFactory, other_tenant: TenantFactory
) -> None:
    """The owner of another tenant cannot take an operator over by an invitation."""
    operator_id, _ = join(tenant, Role.OWNER)
    invited_id, token = links.invite(
        other_tenant.tenant_id, address_of(tenant).upper(), Role.VIEWER, NOW
    )
    assert invited_id == operator_id
    assert not links.open_link(token, NOW).asks_for_new_password
    stolen = LinkAnswer("chosen by somebody else", "chosen by somebody else")
    assert refusal(links.use_link, token, stolen, DEVICE, NOW) == (
        OperatorReason.SIGN_IN_FAILED
    )
    assert sessions.find_principal(operator_id, other_tenant.tenant_id) is None
    links.use_link(token, LinkAnswer(PASSWORD), DEVICE, NOW)
    assert sessions.find_principal(operator_id, other_tenant.tenant_id) is not None


@pytest.mark.parametrize("change", ["invited again", "role", "removed"])
def test_a_later_decision_ends_an_open_invitation(
    tenant: TenantFactory, change: str
) -> None:
    """Otherwise its holder would undo the decision with the earlier role."""
    tenant_id = tenant.tenant_id
    join(tenant, Role.OWNER, "owner")
    operator_id, _ = join(tenant, Role.MANAGER)
    email = address_of(tenant)
    _, token = links.invite(tenant_id, email, Role.OWNER, NOW)
    if change == "role":
        memberships.change_role(tenant_id, operator_id, Role.VIEWER, NOW)
    elif change == "removed":
        memberships.remove(tenant_id, operator_id)
    else:
        links.invite(tenant_id, email, Role.SUPPORT, NOW)
    answer = LinkAnswer(PASSWORD)
    reason = refusal(links.use_link, token, answer, DEVICE, NOW)
    assert reason == OperatorReason.LINK_INVALID
    is_open = links.list_invitations(tenant_id, NOW)
    assert [one.link.role for one in is_open] == (
        [Role.SUPPORT] if change == "invited again" else []
    )


def test_of_two_links_of_a_new_operator_one_sets_the_password(
    tenant: TenantFactory, other_tenant: TenantFactory
) -> None:
    email = address_of(tenant)
    _, first = links.invite(tenant.tenant_id, email, Role.OWNER, NOW)
    _, second = links.invite(other_tenant.tenant_id, email, Role.OWNER, NOW)
    form = links.open_link(second, NOW)
    assert form.asks_for_new_password
    links.use_link(first, LinkAnswer(PASSWORD, PASSWORD), DEVICE, NOW)
    # As if the second link had been opened before the first one was used.
    assert not operator_repository.set_credentials(form.operator, "another hash", None)
    assert not links.open_link(second, NOW).asks_for_new_password


def test_sign_in_says_the_same_for_every_wrong_credential(
    tenant: TenantFactory,
) -> None:
    operator_id, _ = join(tenant, Role.VIEWER)
    email = address_of(tenant)
    token = sign_in.sign_in(email, PASSWORD, "", device=DEVICE, now=NOW)
    assert sessions.find(token, NOW) is not None
    for wrong in ((email, "wrong"), ("nobody@example.com", PASSWORD)):
        reason = refusal(sign_in.sign_in, *wrong, "", device=DEVICE, now=NOW)
        assert reason == OperatorReason.SIGN_IN_FAILED
    administration.set_disabled(None, email, NOW)
    assert sessions.find(token, NOW) is None
    assert (
        refusal(sign_in.sign_in, email, PASSWORD, "", device=DEVICE, now=NOW)
        == OperatorReason.SIGN_IN_FAILED
    )
    administration.set_disabled(None, email, None)
    assert sessions.list_sessions(operator_id, NOW) == []


class CountingHasher(passwords.PasswordHasher):
    """A hasher that counts how often it computes a hash."""

    count = 0

    def hash(self, *args: object, **options: object) -> str:
        """Count and hash."""
        self.count += 1
        return super().hash(*args, **options)  # type: ignore[arg-type]

    def verify(self, *args: object) -> bool:  # type: ignore[override]
        """Count and verify."""
        self.count += 1
        return super().verify(*args)  # type: ignore[arg-type]


def test_the_time_of_a_failed_sign_in_does_not_say_who_exists(
    tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    join(tenant, Role.VIEWER, "known")
    join(tenant, Role.VIEWER, "disabled")
    administration.set_disabled(None, address_of(tenant, "disabled"), NOW)
    links.invite(tenant.tenant_id, address_of(tenant, "invited"), Role.VIEWER, NOW)
    hasher = CountingHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", hasher)
    for name in ("known", "disabled", "invited", "unknown"):
        before = hasher.count
        email = address_of(tenant, name)
        refusal(sign_in.sign_in, email, "wrong", "", device=DEVICE, now=NOW)
        assert hasher.count == before + 1, name


def test_a_code_of_the_second_factor_is_accepted_once(tenant: TenantFactory) -> None:
    operator_id, session = join(tenant, Role.VIEWER)
    operator = operator_repository.get(operator_id)
    assert operator is not None
    secret = account.prepare_second_factor(operator).secret
    app, email = pyotp.TOTP(secret), address_of(tenant)
    found = sessions.find(session, NOW)
    assert found is not None
    codes = account.start_second_factor(
        operator, secret, app.at(NOW), found[0].session_hash, NOW
    )

    def attempt(code: str, now: object = NOW) -> object:
        return refusal(sign_in.sign_in, email, PASSWORD, code, device=DEVICE, now=now)

    assert attempt("") == OperatorReason.SECOND_FACTOR_MISSING
    assert attempt(app.at(NOW)) == OperatorReason.WRONG_SECOND_FACTOR  # used above
    later = NOW + timedelta(seconds=60)
    too_old = app.at(NOW - timedelta(seconds=30))
    assert attempt(too_old, later) == OperatorReason.WRONG_SECOND_FACTOR
    next_step = app.at(later + timedelta(seconds=30))  # a phone that is ahead
    sign_in.sign_in(email, PASSWORD, next_step, device=DEVICE, now=later)
    assert attempt(next_step, later) == OperatorReason.WRONG_SECOND_FACTOR
    much_later = NOW + timedelta(seconds=600)
    two_ahead = app.at(much_later + timedelta(seconds=60))
    assert attempt(two_ahead, much_later) == OperatorReason.WRONG_SECOND_FACTOR
    behind = app.at(much_later - timedelta(seconds=30))
    sign_in.sign_in(email, PASSWORD, behind, device=DEVICE, now=much_later)
    assert len(codes) == 10
    sign_in.sign_in(email, PASSWORD, codes[0].upper(), device=DEVICE, now=NOW)
    assert attempt(codes[0]) == OperatorReason.WRONG_SECOND_FACTOR


def test_a_session_ends_without_use_and_in_any_case(tenant: TenantFactory) -> None:
    operator_id, session = join(tenant, Role.VIEWER)
    hour = timedelta(hours=1)
    assert len(sessions.list_sessions(operator_id, NOW)) == 1
    assert sessions.list_sessions(operator_id, NOW + hour) == []
    assert sessions.find(session, NOW + hour - timedelta(seconds=1)) is not None
    assert sessions.find(session, NOW + 3 * hour) is None
    now = NOW
    while sessions.find(session, now):
        now += hour / 2
    assert now == NOW + 12 * hour


def test_too_many_failures_block_an_address_and_only_slow_an_operator(
    tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = replace(sign_in_limits.PER_EMAIL_IF_SLOW, seconds=600)
    monkeypatch.setattr(sign_in_limits, "PER_EMAIL_IF_SLOW", limit)
    join(tenant, Role.VIEWER)
    email = address_of(tenant)

    def guess(address: str) -> None:
        device = Device(address, "")
        with pytest.raises((Refused, RateLimitExceeded)):
            sign_in.sign_in(email, "wrong", "", device=device, now=NOW)

    for number in range(20):
        guess(f"{tenant.tenant_id}/{number // 10}")
    blocked = Device(f"{tenant.tenant_id}/0", "")
    with pytest.raises(RateLimitExceeded):
        sign_in.sign_in(email, PASSWORD, "", device=blocked, now=NOW)
    sign_in.sign_in(email, PASSWORD, "", device=DEVICE, now=NOW)
    with pytest.raises(RateLimitExceeded):
        sign_in.sign_in(email, PASSWORD, "", device=DEVICE, now=NOW)
    join(tenant, Role.VIEWER, "other")  # attempts for one do not slow another
    sign_in.sign_in(address_of(tenant, "other"), PASSWORD, "", device=DEVICE, now=NOW)


def test_a_long_address_occupies_no_more_memory_than_a_short_one(
    tenant: TenantFactory,
) -> None:
    email = f"{tenant.tenant_id}@" + "\N{SNOWMAN}" * 9_999
    with pytest.raises(Refused):
        sign_in.sign_in(email, "wrong", "", device=DEVICE, now=NOW)
    names = code_guessing.limiter().counters._memory_storage.storage
    assert max(map(len, names)) < 500


def test_the_addresses_of_a_network_of_ipv6_count_together(
    tenant: TenantFactory,
) -> None:
    join(tenant, Role.VIEWER)
    email, network = address_of(tenant), f"2001:db8:{secrets.randbelow(65_536):x}:1"
    for number in range(10):
        device = Device(f"{network}::{number}", "")
        with pytest.raises(Refused):
            sign_in.sign_in(email, "wrong", "", device=device, now=NOW)
    blocked = Device(f"{network}:a:b:c:d", "")
    with pytest.raises(RateLimitExceeded):
        sign_in.sign_in(email, PASSWORD, "", device=blocked, now=NOW)
    other = Device(f"{network}1::1", "")
    assert sign_in.sign_in(email, PASSWORD, "", device=other, now=NOW)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("a socket", "a socket"),
    ],
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    assert sign_in_limits.to_network(address) == network


def test_an_owner_resets_only_operators_of_own_tenants(
    tenant: TenantFactory, other_tenant: TenantFactory
) -> None:
    owner_id, _ = join(tenant, Role.OWNER, "owner")
    shared_id, session = join(tenant, Role.VIEWER, "shared")
    email = address_of(tenant, "shared")
    principal = sessions.find_principal(owner_id, tenant.tenant_id)
    _, token = links.invite(other_tenant.tenant_id, email, Role.VIEWER, NOW)
    links.use_link(token, LinkAnswer(PASSWORD), DEVICE, NOW)

    def reset() -> str:
        return administration.reset(principal, email, removes_factor=True, now=NOW)[1]

    assert refusal(reset) == OperatorReason.OPERATOR_OF_OTHER_TENANTS
    memberships.remove(other_tenant.tenant_id, shared_id)
    new = LinkAnswer("another long password", "another long password")
    links.use_link(reset(), new, DEVICE, NOW)
    assert sessions.find(session, NOW) is None
    sign_in.sign_in(email, new.password, "", device=DEVICE, now=NOW)
    stranger = address_of(other_tenant, "stranger")
    links.invite(other_tenant.tenant_id, stranger, Role.VIEWER, NOW)
    foreign = refusal(administration.set_disabled, principal, stranger, NOW)
    assert foreign == OperatorReason.OPERATOR_NOT_FOUND


def test_the_last_owner_of_a_tenant_stays(tenant: TenantFactory) -> None:
    tenant_id = tenant.tenant_id
    owner_id, _ = join(tenant, Role.OWNER, "owner")
    second_id, session = join(tenant, Role.OWNER, "second")
    memberships.change_role(tenant_id, second_id, Role.VIEWER, NOW)
    assert sessions.find(session, NOW) is None
    demote = refusal(memberships.change_role, tenant_id, owner_id, Role.MANAGER, NOW)
    assert {demote, refusal(memberships.remove, tenant_id, owner_id)} == {
        OperatorReason.LAST_OWNER
    }
    assert [one.role for one in memberships.list_members(tenant_id)] == [
        Role.OWNER,
        Role.VIEWER,
    ]


def test_nothing_of_a_deleted_tenant_lets_anybody_in_to_a_later_one(
    tenant: TenantFactory,
) -> None:
    tenant_id = tenant.tenant_id
    operator_id, _ = join(tenant, Role.OWNER)
    _, token = links.invite(tenant_id, address_of(tenant, "ben"), Role.OWNER, NOW)
    tenants.erase(tenant_id)
    tenants.create(tenant_id, NOW)
    assert sessions.find_principal(operator_id, tenant_id) is None
    assert refusal(links.open_link, token, NOW) == OperatorReason.LINK_INVALID
