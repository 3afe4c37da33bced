"""Keys of the demo tenant; its API key is kept in the data directory between starts."""

import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from admin_gateway.cli.demo.phoenix_definitions import DEMO_TENANT_ID
from coupon_core.domain.models import Page, Refused, Scope
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.security import authentication
from coupon_core.services.access import client_keys, tenants
from coupons_sdk.files import replace_file

CREDENTIALS_FILE = "demo.json"
KEY_NAME = "demo"
# They are no errors of the file: a new key replaces that of a damaged one.
DAMAGES = (OSError, ValueError, TypeError, KeyError)


def get_or_create_api_key(data_dir: Path, now: datetime) -> dict[str, str]:
    """Return the members `api_key_id` and `api_key`, of the stored key if it is valid.

    Raises:
        Refused: there is no demo tenant.
    """
    path = data_dir / CREDENTIALS_FILE
    with suppress(*DAMAGES, Refused):
        stored = json.loads(path.read_text())
        principal = authentication.authenticate_admin(stored["api_key"], None, now=now)
        if principal.tenant_id == DEMO_TENANT_ID:
            return {name: stored[name] for name in ("api_key_id", "api_key")}
    key, plain_text = tenants.create_key(
        None,
        DEMO_TENANT_ID,
        name=KEY_NAME,
        scopes=frozenset(Scope),
        expires_at=None,
        now=now,
    )
    created = {"api_key_id": key.key_id, "api_key": plain_text}
    with replace_file(path, mode=0o600) as file:
        file.write(json.dumps(created, indent=2).encode())
    return created


def get_or_create_client_key(kind: ClientKeyKind, now: datetime) -> tuple[str, str]:
    """Return ID and secret of a usable key for an SDK, or of a new one."""
    keys, _ = client_keys.list_client_keys(DEMO_TENANT_ID, Page(), kind=kind)
    for key in keys:
        if key.name == KEY_NAME and key.is_usable(now):
            _, secret = authentication.load_client_key_and_secret(
                key.key_id, frozenset({kind}), now=now
            )
            return key.key_id, secret
    created, secret = client_keys.create(
        DEMO_TENANT_ID, kind, name=KEY_NAME, expires_at=None, now=now
    )
    return created.key_id, secret


def delete_file(data_dir: Path) -> None:
    """Delete the stored key."""
    (data_dir / CREDENTIALS_FILE).unlink(missing_ok=True)
