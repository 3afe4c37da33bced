"""The audit log: who did what to which thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done; `action` is noun.past_participle.

    `actor` is an API key's id, `cli`, `system`, `server` or `user:…`. `detail` has
    names, counts and words, but no secret and no code.
    """

    tenant_id: str
    entry_id: str
    actor: str
    action: str
    object_id: str
    request_id: str
    detail: Mapping[str, Any]
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; None is any. `until` itself is not included."""

    actor: str | None = None
    action: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
