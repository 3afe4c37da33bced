"""The audit context of a thread: the actor and the request.

Entry points set it; audit log and access log read it.
"""

from contextvars import ContextVar
from dataclasses import dataclass

from coupon_core.domain.models import Principal

CLI_ACTOR, SYSTEM_ACTOR, SERVER_ACTOR = "cli", "system", "server"


@dataclass(frozen=True, slots=True)
class AuditContext:
    """The actor and the request that a thread works for.

    Until the caller is authenticated, `default_actor` is the actor.
    """

    default_actor: str = SYSTEM_ACTOR
    request_id: str = ""
    principal: Principal | None = None

    @property
    def actor(self) -> str:
        """The actor as it is recorded: API key ID, `user:…`, or the default actor.

        `server` is a tenant's own server, which signs its requests with the tenant's
        secret.
        """
        if self.principal is None:
            return self.default_actor
        if self.principal.user_id is not None:
            return f"user:{self.principal.user_id}"
        return self.principal.key_id or SERVER_ACTOR

    @property
    def actor_name(self) -> str:
        """The name of the API key or client key as `key:…`, or empty.

        That of `couponctl` beside the database is the user of the operating system.
        """
        if self.principal is None or not self.principal.key_name:
            return ""
        kind = "os" if self.principal.key_id == CLI_ACTOR else "key"
        return f"{kind}:{self.principal.key_name}"


_current: ContextVar[AuditContext] = ContextVar("acting", default=AuditContext())  # noqa: B039


def start_context(default_actor: str = SYSTEM_ACTOR, request_id: str = "") -> None:
    """Begin a new unit of work in this thread, for a caller that is not known yet."""
    _current.set(AuditContext(default_actor, request_id))


def set_principal(principal: Principal) -> None:
    """Record the authenticated caller of this thread's request."""
    context = _current.get()
    _current.set(AuditContext(context.default_actor, context.request_id, principal))


def current_context() -> AuditContext:
    """Return the audit context of this thread."""
    return _current.get()
