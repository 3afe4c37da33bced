"""Who acts, and in which request: told at the edges, asked where it is noted."""

from contextvars import ContextVar
from dataclasses import dataclass, replace

from coupon_core.domain.models import Principal

CLI_ACTOR, SYSTEM_ACTOR, SERVER_ACTOR = "cli", "system", "server"


@dataclass(frozen=True, slots=True)
class AuditContext:
    """Someone at work: a caller once it is known, else `default_actor`."""

    default_actor: str = SYSTEM_ACTOR
    request_id: str = ""
    principal: Principal | None = None

    @property
    def actor(self) -> str:
        """As it is noted: an API key's id, `user:…`, or what works by itself.

        `server` is a tenant's own server, whose requests its secret signs.
        """
        if self.principal is None:
            return self.default_actor
        if self.principal.user_id is not None:
            return f"user:{self.principal.user_id}"
        return self.principal.key_id or SERVER_ACTOR


_current: ContextVar[AuditContext] = ContextVar("acting", default=AuditContext())  # noqa: B039


def start_context(default_actor: str = SYSTEM_ACTOR, request_id: str = "") -> None:
    """From now on this thread works on another thing, for a caller not known yet."""
    _current.set(AuditContext(default_actor, request_id))


def set_principal(principal: Principal) -> None:
    """The caller of this thread's request is known."""
    _current.set(replace(_current.get(), principal=principal))


def current_context() -> AuditContext:
    """Who acts in this thread."""
    return _current.get()
