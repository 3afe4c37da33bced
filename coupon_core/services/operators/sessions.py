"""Sessions of the console: stored here, known to the browser by a random token."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from coupon_core.domain.models import Principal
from coupon_core.domain.models.operators import Membership, Operator, OperatorSession
from coupon_core.domain.rules.roles import ROLE_SCOPES
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import operator_memberships, operator_sessions
from coupon_core.persistence.repositories import operators as operator_repository
from coupon_core.security import encryption

TOKEN_BYTES = 32
TOUCH_INTERVAL = timedelta(minutes=1)
MAX_USER_AGENT_LENGTH = 200
ACTOR_PREFIX = "operator:"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """After which time a session ends: without a request, and in any case."""

    idle: timedelta = timedelta(hours=1)
    absolute: timedelta = timedelta(hours=12)


_lifetimes = Lifetimes()


def configure(lifetimes: Lifetimes) -> None:
    """Set the lifetimes of sessions in this process."""
    global _lifetimes
    _lifetimes = lifetimes


@dataclass(frozen=True, slots=True)
class Device:
    """The browser of an operator."""

    address: str
    user_agent: str


def start(operator: Operator, device: Device, now: datetime) -> str:
    """Start a session in the transaction of the caller; return its token."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    operator_sessions.delete_ended(now - _lifetimes.idle, now)
    operator_sessions.insert(
        OperatorSession(
            session_hash=encryption.fingerprint(token),
            operator_id=operator.operator_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + _lifetimes.absolute,
            address=device.address,
            user_agent=device.user_agent[:MAX_USER_AGENT_LENGTH],
        )
    )
    return token


def find(token: str, now: datetime) -> tuple[OperatorSession, Operator] | None:
    """Return a session that has not ended, and its operator; record its use."""
    session = operator_sessions.find(encryption.fingerprint(token))
    if session is None or _has_ended(session, now):
        return None
    operator = operator_repository.get(session.operator_id)
    if operator is None or operator.disabled_at:
        return None
    if now - session.last_seen_at >= TOUCH_INTERVAL:
        with transaction():
            operator_sessions.touch(session.session_hash, now)
    return session, operator


def _has_ended(session: OperatorSession, now: datetime) -> bool:
    return now >= min(session.expires_at, session.last_seen_at + _lifetimes.idle)


def list_sessions(operator_id: str, now: datetime) -> list[OperatorSession]:
    """Return the sessions of an operator that have not ended, the last used first."""
    found = operator_sessions.list_sessions(operator_id)
    return [one for one in found if not _has_ended(one, now)]


def end(operator_id: str, session_hash: str) -> bool:
    """End a session of an operator; return False if it has ended already."""
    with transaction():
        return operator_sessions.delete(operator_id, session_hash)


def end_all(operator_id: str, except_hash: str = "") -> int:
    """End the sessions of an operator, except for one; return their number."""
    with transaction():
        return operator_sessions.delete_all(operator_id, except_hash)


def list_memberships(operator_id: str) -> list[Membership]:
    """Return the tenants of an operator, with the role in each."""
    return operator_memberships.list_of_operator(operator_id)


def find_principal(operator_id: str, tenant_id: str) -> Principal | None:
    """Return what an operator may do in a tenant, or None without a membership."""
    membership = operator_memberships.get(tenant_id, operator_id)
    if membership is None:
        return None
    return Principal(
        tenant_id,
        key_id=f"{ACTOR_PREFIX}{operator_id}",
        scopes=ROLE_SCOPES[membership.role],
    )


def build_principal(operator_id: str, tenant_id: str) -> Principal:
    """Return an operator as the actor of what happens during a sign-in."""
    return Principal(tenant_id, key_id=f"{ACTOR_PREFIX}{operator_id}")
