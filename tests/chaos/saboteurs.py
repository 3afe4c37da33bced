"""Deliberately broken variants of the core: what guards it must catch each of them.

A saboteur replaces one part of the real thing while its block runs; none of it is
ever in the product.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from coupon_core.persistence.database import execute
from coupon_core.persistence.repositories import redemptions
from coupon_core.persistence.tables import as_stored_time
from coupon_core.services import outbox

BLIND_USE = """
    UPDATE coupon SET user_id = :user_id, redemption_count = redemption_count + 1,
        redeemed_at = :redeemed_at
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id
    RETURNING redemption_count
"""
BLIND_RECORD = redemptions.RECORD.format(use_number=":use_number")


def check_then_write() -> AbstractContextManager[Any]:
    """What was decided on is not looked at again when it is written."""
    return patch.object(redemptions, "record", _write_blindly)


def _write_blindly(seen: Any, use: Any, event: Any, claim: bool) -> bool:
    values = {
        "tenant_id": use.tenant_id,
        "coupon_id": use.coupon_id,
        "definition_id": use.definition_id,
        "user_id": use.user_id,
        "redemption_id": use.redemption_id,
        "dialect": use.dialect.value,
        "redeemed_at": as_stored_time(use.redeemed_at),
    }
    (number,) = execute(BLIND_USE, values).fetchone()
    execute(BLIND_RECORD, {**values, "use_number": number})
    told = event.data.replace(
        f'"use_number":{use.use_number}', f'"use_number":{number}'
    )
    outbox.add([replace(event, data=told)])
    return True


def pool_is_not_counted() -> AbstractContextManager[Any]:
    """Uses under a total limit leave the counter alone."""
    return _forgetting(patch.object(redemptions, "counts_uses", lambda _: False))


def uses_of_users_are_not_counted() -> AbstractContextManager[Any]:
    """Uses under a limit by user are not noted for the user."""
    sql = redemptions.COUNT_OF_USER.replace(
        "SET used_count = user_usage.used_count + 1", "SET used_count = 1"
    ).replace("WHERE user_usage.used_count < :per_user_limit", "")
    return _forgetting(patch.object(redemptions, "COUNT_OF_USER", sql))


def revoked_coupons_are_used() -> AbstractContextManager[Any]:
    """A use that was decided on before a revoke is written after it."""
    guard = "AND revoked_at IS NULL"
    sql = redemptions.USE.replace(guard, "")
    assert sql != redemptions.USE
    return _forgetting(patch.object(redemptions, "USE", sql))


@contextmanager
def _forgetting(change: AbstractContextManager[Any]) -> Iterator[None]:
    """Statements are put together anew, with the change and again without it."""
    redemptions._statements.cache_clear()
    with change:
        yield
    redemptions._statements.cache_clear()


def event_is_lost() -> AbstractContextManager[Any]:
    """A change is committed, its event is not: an outbox beside the transaction."""
    return patch.object(outbox, "add", lambda events: list(events).clear())
