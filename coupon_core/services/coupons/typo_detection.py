"""Codes that were mistyped, told by themselves, mostly without asking the database.

No code that begins with a stem and is not right is ever stored: so what is remembered
here may be old, and still nobody is refused whose code there is.
"""

import time

from coupon_core.domain.codes import lookup_key
from coupon_core.persistence.repositories import checked_prefixes as store

FRESH_SECONDS = 10.0
MOST_TENANTS = 10_000

_known: dict[str, tuple[float, tuple[str, ...]]] = {}


def is_mistyped(tenant_id: str, code: str) -> bool:
    """True for a code that there cannot be, for its check character is wrong."""
    stems = _stems(tenant_id)
    return bool(stems) and store.is_wrong(lookup_key(code), stems)


def forget() -> None:
    """Remember nothing: the database is another one."""
    _known.clear()


def _stems(tenant_id: str) -> tuple[str, ...]:
    until, stems = _known.get(tenant_id, (0.0, ()))
    if time.monotonic() < until:
        return stems
    if len(_known) >= MOST_TENANTS:
        forget()
    stems = store.of_tenant(tenant_id)
    _known[tenant_id] = time.monotonic() + FRESH_SECONDS, stems
    return stems
