"""The audit log: who did what to which object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One recorded action; `action` is `noun.past_participle`.

    `actor` is an API key's ID, `cli`, `system`, `server` or `user:…`. `detail` contains
    names, counts and words, but no secrets and no codes. `changes` contains the values
    `from` and `to` by member. The names are those at the time of the action, and empty
    in entries of earlier releases.
    """

    tenant_id: str
    entry_id: str
    actor: str
    action: str
    object_id: str
    request_id: str
    detail: Mapping[str, Any]
    happened_at: datetime
    actor_name: str = ""
    object_name: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def actor_label(self) -> str:
        """The name of the actor or, if it has none, `actor`."""
        return self.actor_name or self.actor


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """A filter of audit entries; None matches any. `until` is exclusive."""

    actor: str | None = None
    action: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
