"""Keys that other systems' SDKs call with: an id that is told, and a secret."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ClientKeyKind(StrEnum):
    """Whose SDK a key is for, and what it may do there."""

    PLAYCAMP_SERVER = "playcamp_server"
    PLAYCAMP_CLIENT = "playcamp_client"
    MAMBO = "mambo"


PLAYCAMP_KINDS = frozenset(
    {ClientKeyKind.PLAYCAMP_SERVER, ClientKeyKind.PLAYCAMP_CLIENT}
)


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A key without its secret; `key_id` is the only one of its name anywhere."""

    tenant_id: str
    key_id: str
    kind: ClientKeyKind
    name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_usable(self, now: datetime) -> bool:
        """True unless it was revoked or is past its time."""
        return not self.revoked_at and (not self.expires_at or self.expires_at >= now)


@dataclass(frozen=True, slots=True)
class StoredClientKey:
    """A key with its secret as it is kept: as a hash, and sealed."""

    key: ClientKey
    secret_sha256: str = field(repr=False)
    secret_sealed: str = field(repr=False)
