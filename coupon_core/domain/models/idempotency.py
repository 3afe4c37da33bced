"""Requests that may come again: what they ask, and what was answered."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OnceAsked:
    """A request that is to have one effect.

    `request_key` tells it from all others of its tenant; `fingerprint` is of all that
    was sent, so that another request under the same key is noticed.
    """

    tenant_id: str
    request_key: str
    fingerprint: str
    kept_until: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, to be answered again."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Work:
    """The one effect of a request, while it is under way.

    `asked` is what the caller's key names, and taken up under `token`; `signed` is
    what his signature names. Either may be absent.
    """

    asked: OnceAsked | None
    token: str
    signed: OnceAsked | None
