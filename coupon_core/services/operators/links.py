"""One-time links: how operators join a tenant, and how they get a new password.

An e-mail address proves nothing: a membership begins only when the holder of the link
signs in. A known operator signs in with the password or the account at the provider
that is known already; a new one, or after a reset, chooses one of the two.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from coupon_core.domain.emails import parse_email
from coupon_core.domain.models import AdminReason, OperatorReason, Refused
from coupon_core.domain.models.operators import (
    LinkPurpose,
    OneTimeLink,
    OpenInvitation,
    Operator,
    Role,
)
from coupon_core.observability import audit_context
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import operator_links, operator_memberships
from coupon_core.persistence.repositories import operators as operator_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.security import encryption
from coupon_core.security.rate_limiting import sign_in_limits
from coupon_core.services import audit
from coupon_core.services.errors import require_found
from coupon_core.services.operators import sessions, sign_in
from coupon_core.services.operators.account import hash_new_password, start_again
from coupon_core.services.operators.sessions import Device

LINK_LIFETIME = timedelta(hours=24)
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class LinkForm:
    """What the page of a link asks for."""

    link: OneTimeLink
    operator: Operator

    @property
    def asks_for_new_password(self) -> bool:
        """True if the holder of the link chooses how to sign in from now on."""
        is_known = self.operator.password_hash or self.operator.provider_account
        return self.link.purpose == LinkPurpose.RESET or not is_known

    @property
    def asks_for_password(self) -> bool:
        """True if a password, new or known, leads on."""
        return self.asks_for_new_password or bool(self.operator.password_hash)

    @property
    def accepts_provider(self) -> bool:
        """True if signing in at the provider leads on.

        It does not stand in for a second factor that the operator has set up here.
        """
        is_open = self.asks_for_new_password and not self.asks_for_code
        return is_open or bool(self.operator.provider_account)

    @property
    def asks_for_code(self) -> bool:
        """True if the holder of the link needs the second factor."""
        return self.operator.totp_sealed is not None


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """What the holder of a link has entered."""

    password: str
    repeated_password: str = ""
    code: str = ""


def invite(tenant_id: str, email: str, role: Role, now: datetime) -> tuple[str, str]:
    """Create the invitation of an operator; return the operator's id and its token.

    An earlier invitation of the operator to the tenant becomes invalid.

    Raises:
        Refused: The tenant is unknown, or the address is none.
    """
    address = require_found(parse_email(email), OperatorReason.INVALID_EMAIL)
    with transaction():
        if not tenant_repository.lock_shared(tenant_id):
            raise Refused(AdminReason.TENANT_NOT_FOUND)
        operator_repository.insert(_build_operator(address, now))
        operator = operator_repository.find_by_email(address)
        if operator is None or operator.disabled_at:
            raise Refused(OperatorReason.OPERATOR_DISABLED)
        operator_links.delete_invitations(tenant_id, operator.operator_id)
        token = add_link(operator, LinkPurpose.INVITATION, tenant_id, role, now=now)
        audit.record(tenant_id, "operator.invited", operator.operator_id, role=role)
    return operator.operator_id, token


def add_link(
    operator: Operator,
    purpose: LinkPurpose,
    tenant_id: str,
    role: Role | None,
    *,
    now: datetime,
) -> str:
    """Store a one-time link in the transaction of the caller; return its token."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    operator_links.delete_expired_links(now)
    operator_links.insert_link(
        OneTimeLink(
            token_hash=encryption.fingerprint(token),
            operator_id=operator.operator_id,
            purpose=purpose,
            target_tenant=tenant_id,
            role=role,
            invited_by=audit_context.current_context().actor,
            created_at=now,
            expires_at=now + LINK_LIFETIME,
        )
    )
    return token


def list_invitations(tenant_id: str, now: datetime) -> list[OpenInvitation]:
    """Return the open invitations to a tenant, the newest first."""
    return operator_links.list_invitations(tenant_id, now)


def withdraw(tenant_id: str, token_hash: str, now: datetime) -> str:
    """Withdraw an invitation, so that its link is invalid; return the address.

    Raises:
        Refused: There is no such invitation, or it was used meanwhile.
    """
    found = operator_links.list_invitations(tenant_id, now)
    by_hash = {one.link.token_hash: one for one in found}
    invitation = require_found(by_hash.get(token_hash), OperatorReason.LINK_INVALID)
    with transaction():
        if not operator_links.delete_invitation(tenant_id, token_hash):
            raise Refused(OperatorReason.LINK_INVALID)
        audit.record(
            tenant_id, "operator.invitation_withdrawn", invitation.link.operator_id
        )
    return invitation.email


def build_url(console_url: str, token: str) -> str:
    """Return the URL of a one-time link; `console_url` is the setting."""
    return f"{console_url}/console/invitations/{token}"


def open_link(token: str, now: datetime) -> LinkForm:
    """Return what a link is for; nothing changes.

    Raises:
        Refused: The link has been used, has expired, or never existed.
    """
    link = require_found(
        operator_links.find_link(encryption.fingerprint(token), now),
        OperatorReason.LINK_INVALID,
    )
    operator = operator_repository.get(link.operator_id)
    if operator is None or operator.disabled_at:
        raise Refused(OperatorReason.LINK_INVALID)
    return LinkForm(link, operator)


def use_link(
    token: str, answer: LinkAnswer, device: Device, now: datetime
) -> tuple[str, str]:
    """Use a link and sign its holder in; return the session's token and the tenant.

    Raises:
        Refused: The link is invalid, the new password is unfit, or the password or
            the second factor is wrong. The link can then still be used.
        RateLimitExceeded: Too many attempts to sign in have failed.
        PasswordsBusy: Too many passwords are being verified.
    """
    form = open_link(token, now)
    operator = form.operator
    with sign_in_limits.attempt(operator.email, device.address):
        credentials: tuple[str, str | None]
        if form.asks_for_new_password:
            new_hash = hash_new_password(answer.password, answer.repeated_password)
            credentials = new_hash, None
        else:
            sign_in.require_password(operator, answer.password)
            credentials = operator.password_hash, operator.provider_account
        with transaction():
            sign_in.use_second_factor(operator, answer.code, now)
            return enter(form, credentials, device=device, now=now)


def enter(
    form: LinkForm,
    credentials: tuple[str, str | None],
    *,
    device: Device,
    now: datetime,
) -> tuple[str, str]:
    """Use up a link in the transaction of the caller, and sign its holder in.

    `credentials` are the password hash and the account from now on.
    """
    operator, link = form.operator, form.link
    # Of two links that are used at the same time, one sets the credentials. Locks are
    # taken in the order operator, tenant, link, membership, sessions.
    if not operator_repository.set_credentials(operator, *credentials):
        raise Refused(OperatorReason.LINK_INVALID)
    if link.role and not tenant_repository.lock_shared(link.target_tenant):
        raise Refused(AdminReason.TENANT_NOT_FOUND)
    if not operator_links.use_link(link.token_hash):
        raise Refused(OperatorReason.LINK_INVALID)
    if link.role:
        _join(link, link.role, now=now)
    return start_again(operator, device, now), link.target_tenant


def _join(link: OneTimeLink, role: Role, now: datetime) -> None:
    """Begin the membership that an invitation gives."""
    tenant_id, operator_id = link.target_tenant, link.operator_id
    present = operator_memberships.get(tenant_id, operator_id)
    if present and present.role == Role.OWNER:
        return  # an old invitation does not take the role of an owner away
    operator_memberships.put(tenant_id, operator_id, role, now)
    audit_context.set_principal(sessions.build_principal(operator_id, tenant_id))
    audit.record(tenant_id, "operator.joined", operator_id, role=role)


def _build_operator(email: str, now: datetime) -> Operator:
    return Operator(
        operator_id=generate_id(),
        email=email,
        password_hash="",
        provider_account=None,
        totp_sealed=None,
        totp_last_step=0,
        recovery_hashes=(),
        created_at=now,
        disabled_at=None,
    )
