"""The demo tenant's secrets, kept in the data directory for the next start."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from admin_gateway.cli.demo.phoenix_definitions import TENANT
from coupon_core.domain.models import Refused, Scope
from coupon_core.domain.models.client_keys import PLAYCAMP_KINDS, ClientKeyKind
from coupon_core.security import authentication
from coupon_core.services.access import client_keys, tenants

FILE = "demo.json"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What it takes to call both gateways as the demo tenant."""

    tenant_id: str
    tenant_secret: str = field(repr=False)
    api_key_id: str
    api_key: str = field(repr=False)
    server_key: str = field(repr=False)  # of PlayCamp's kind, as SDKs take it


def current(data_dir: Path, now: datetime) -> Credentials:
    """Those that were kept, as far as they are good; else new ones, kept from now on.

    Refused when there is no demo tenant.
    """
    tenants.require(TENANT)
    secret = tenants.list_secrets(TENANT)[0].secret
    kept = _kept(data_dir / FILE)
    if kept and kept.tenant_secret == secret and _is_good(kept, now):
        return kept
    key, plain = tenants.create_key(None, TENANT, "demo", frozenset(Scope), None, now)
    made = Credentials(TENANT, secret, key.key_id, plain, _server_key(now))
    _keep(data_dir / FILE, made)
    return made


def _server_key(now: datetime) -> str:
    kind = ClientKeyKind.PLAYCAMP_SERVER
    made, secret = client_keys.create(TENANT, kind, "demo", None, now)
    return f"{made.key_id}:{secret}"


def forget(data_dir: Path) -> None:
    """Remove what was kept."""
    (data_dir / FILE).unlink(missing_ok=True)


def _is_good(kept: Credentials, now: datetime) -> bool:
    with suppress(Refused):
        of_server = authentication.client_key_of(kept.server_key, PLAYCAMP_KINDS, now)
        of_admin = authentication.principal_of_admin(kept.api_key, None, now)
        return of_admin.tenant_id == of_server.tenant_id == TENANT
    return False


def _kept(path: Path) -> Credentials | None:
    # Whatever is wrong with the file: what it held can be made anew.
    with suppress(OSError, ValueError, TypeError):
        return Credentials(**json.loads(path.read_text()))
    return None


def _keep(path: Path, credentials: Credentials) -> None:
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(credentials), file, indent=2)
    draft.replace(path)
