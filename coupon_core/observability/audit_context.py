"""Who acts, and in which request: told at the edges, asked where it is noted."""

from contextvars import ContextVar
from dataclasses import dataclass

from coupon_core.domain.models import Principal

CLI, SYSTEM, SERVER = "cli", "system", "server"


@dataclass(frozen=True, slots=True)
class Acting:
    """Someone at work: a caller once it is known, else `where` the work is done."""

    where: str = SYSTEM
    request_id: str = ""
    principal: Principal | None = None

    @property
    def actor(self) -> str:
        """As it is noted: an API key's id, `user:…`, or what works by itself.

        `server` is a tenant's own server, whose requests its secret signs.
        """
        if self.principal is None:
            return self.where
        if self.principal.user_id is not None:
            return f"user:{self.principal.user_id}"
        return self.principal.key_id or SERVER


_acting: ContextVar[Acting] = ContextVar("acting", default=Acting())  # noqa: B039


def begin(where: str = SYSTEM, request_id: str = "") -> None:
    """From now on this thread works on another thing, for a caller not known yet."""
    _acting.set(Acting(where, request_id))


def as_principal(principal: Principal) -> None:
    """The caller of this thread's request is known."""
    known = _acting.get()
    _acting.set(Acting(known.where, known.request_id, principal))


def now() -> Acting:
    """Who acts in this thread."""
    return _acting.get()
