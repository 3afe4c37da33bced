"""Client keys of PlayCamp and Mambo SDKs: a public ID and a secret."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ClientKeyKind(StrEnum):
    """The SDK that a key is for, and its permissions."""

    PLAYCAMP_SERVER = "playcamp_server"
    PLAYCAMP_CLIENT = "playcamp_client"
    MAMBO = "mambo"


PLAYCAMP_KINDS = frozenset(
    {ClientKeyKind.PLAYCAMP_SERVER, ClientKeyKind.PLAYCAMP_CLIENT}
)


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A client key without its secret; `key_id` is globally unique."""

    tenant_id: str
    key_id: str
    kind: ClientKeyKind
    name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_usable(self, now: datetime) -> bool:
        """Return True if the key is neither revoked nor expired."""
        return not self.revoked_at and (not self.expires_at or self.expires_at >= now)


@dataclass(frozen=True, slots=True)
class StoredClientKey:
    """A client key with its secret as it is stored: hashed, and encrypted."""

    key: ClientKey
    secret_sha256: str = field(repr=False)
    secret_sealed: str = field(repr=False)
