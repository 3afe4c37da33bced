"""Credentials of the demo tenant, stored in the data directory between starts."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from admin_gateway.cli.demo.phoenix_definitions import DEMO_TENANT_ID
from coupon_core.domain.models import Refused, Scope
from coupon_core.domain.models.client_keys import PLAYCAMP_KINDS, ClientKeyKind
from coupon_core.security import authentication
from coupon_core.services.access import client_keys, tenants

CREDENTIALS_FILE = "demo.json"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials for calling both gateways as the demo tenant."""

    tenant_id: str
    tenant_secret: str = field(repr=False)
    api_key_id: str
    api_key: str = field(repr=False)
    server_key: str = field(repr=False)  # PlayCamp format: key_id:secret


def get_or_create(data_dir: Path, now: datetime) -> Credentials:
    """Return the stored credentials if they are valid; otherwise create and store new.

    Raises:
        Refused: there is no demo tenant.
    """
    tenants.require(DEMO_TENANT_ID)
    secret = tenants.list_secrets(DEMO_TENANT_ID)[0].secret
    stored = _read_file(data_dir / CREDENTIALS_FILE)
    if stored and stored.tenant_secret == secret and _is_valid(stored, now):
        return stored
    key, plain_text = tenants.create_key(
        None,
        DEMO_TENANT_ID,
        name="demo",
        scopes=frozenset(Scope),
        expires_at=None,
        now=now,
    )
    new_credentials = Credentials(
        DEMO_TENANT_ID,
        secret,
        api_key_id=key.key_id,
        api_key=plain_text,
        server_key=_create_server_key(now),
    )
    _write_file(data_dir / CREDENTIALS_FILE, new_credentials)
    return new_credentials


def _create_server_key(now: datetime) -> str:
    kind = ClientKeyKind.PLAYCAMP_SERVER
    client_key, secret = client_keys.create(
        DEMO_TENANT_ID, kind, name="demo", expires_at=None, now=now
    )
    return f"{client_key.key_id}:{secret}"


def delete_file(data_dir: Path) -> None:
    """Delete the stored credentials."""
    (data_dir / CREDENTIALS_FILE).unlink(missing_ok=True)


def _is_valid(stored: Credentials, now: datetime) -> bool:
    with suppress(Refused):
        client_key = authentication.authenticate_client_key(
            stored.server_key, PLAYCAMP_KINDS, now=now
        )
        principal = authentication.authenticate_admin(stored.api_key, None, now=now)
        return principal.tenant_id == client_key.tenant_id == DEMO_TENANT_ID
    return False


def _read_file(path: Path) -> Credentials | None:
    # A damaged file is not an error: new credentials replace it.
    with suppress(OSError, ValueError, TypeError):
        return Credentials(**json.loads(path.read_text()))
    return None


def _write_file(path: Path, credentials: Credentials) -> None:
    temporary_path = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(temporary_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(credentials), file, indent=2)
    temporary_path.replace(path)
