"""Operators: the people who sign in to the console, and what they may do where."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 12, 256


class Role(StrEnum):
    """What an operator may do in a tenant; `rules.roles` lists the scopes."""

    VIEWER = "viewer"
    SUPPORT = "support"
    MANAGER = "manager"
    OWNER = "owner"


class LinkPurpose(StrEnum):
    """What a one-time link is for: to join a tenant, or to choose a new password."""

    INVITATION = "invitation"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator, who has a password, an account at the provider, or both.

    With neither, nobody has used the first link yet. `totp_sealed` is the encrypted
    secret of the second factor, which belongs to the password, or None without one.
    """

    operator_id: str
    email: str
    password_hash: str = field(repr=False)
    provider_account: str | None
    totp_sealed: str | None = field(repr=False)
    totp_last_step: int
    recovery_hashes: tuple[str, ...] = field(repr=False)
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """An account at an OpenID Connect provider.

    `verified_email` is "" if the provider does not vouch for an address.
    """

    issuer: str
    subject: str
    verified_email: str

    @property
    def key(self) -> str:
        """The key of the account; an issuer contains no blanks."""
        return f"{self.issuer} {self.subject}"


@dataclass(frozen=True, slots=True)
class Membership:
    """The role of an operator in a tenant."""

    tenant_id: str
    operator_id: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """An operator as the list of a tenant shows it."""

    operator_id: str
    email: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None
    has_second_factor: bool
    has_provider_account: bool


@dataclass(frozen=True, slots=True)
class OperatorSession:
    """A session of the console, known by the hash of its cookie."""

    session_hash: str = field(repr=False)
    operator_id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """A link that its holder can use once, known by the hash of its token.

    `target_tenant` is where the holder signs in to; an invitation has a `role` there.
    `invited_by` is the actor who created it, as in the audit log.
    """

    token_hash: str = field(repr=False)
    operator_id: str
    purpose: LinkPurpose
    target_tenant: str
    role: Role | None
    invited_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation to a tenant that can still be used, as the list shows it."""

    link: OneTimeLink
    email: str
