"""Deliberately broken variants of the core; the checks must detect each of them.

A mutation replaces one part of the product while its block runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute
from coupon_core.persistence.repositories import redemptions
from coupon_core.services import outbox

UNGUARDED_USE_SQL = """
    UPDATE coupon SET user_id = :user_id, redemption_count = redemption_count + 1,
        redeemed_at = :redeemed_at
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id
    RETURNING redemption_count
"""
UNGUARDED_RECORD_SQL = redemptions.INSERT_REDEMPTION.format(
    use_number=":use_number", columns="", values=""
)


def check_then_write() -> AbstractContextManager[Any]:
    """Write a redemption without the condition on the snapshot."""
    return patch.object(redemptions, "record", _write_unguarded)


def _write_unguarded(seen: Any, use: Any, event: Any, claim: bool) -> bool:
    values = {
        "tenant_id": use.tenant_id,
        "coupon_id": use.coupon_id,
        "definition_id": use.definition_id,
        "user_id": use.user_id,
        "redemption_id": use.redemption_id,
        "dialect": use.dialect.value,
        "redeemed_at": format_timestamp_milliseconds(use.redeemed_at),
    }
    (number,) = execute(UNGUARDED_USE_SQL, values).fetchone()
    execute(UNGUARDED_RECORD_SQL, {**values, "use_number": number})
    data = event.data.replace(
        f'"use_number":{use.use_number}', f'"use_number":{number}'
    )
    outbox.add([replace(event, data=data)])
    return True


def skip_pool_count() -> AbstractContextManager[Any]:
    """Leave the counter of a total limit unchanged."""
    return _with_rebuilt_statements(
        patch.object(redemptions, "total_limit_counts_redemptions", lambda _: False)
    )


def skip_user_count() -> AbstractContextManager[Any]:
    """Leave the counter of a per-user limit unchanged."""
    sql = redemptions.INCREMENT_USER_USAGE.replace(
        "SET used_count = user_usage.used_count + 1", "SET used_count = 1"
    ).replace("WHERE user_usage.used_count < :per_user_limit", "")
    return _with_rebuilt_statements(
        patch.object(redemptions, "INCREMENT_USER_USAGE", sql)
    )


def redeem_revoked() -> AbstractContextManager[Any]:
    """Write a redemption although the coupon was revoked meanwhile."""
    form = redemptions.REDEEMED
    unguarded = replace(form, update=form.update.replace("AND revoked_at IS NULL", ""))
    assert unguarded != form
    record = partial(redemptions.record, form=unguarded)
    return patch.object(redemptions, "record", record)


@contextmanager
def _with_rebuilt_statements(change: AbstractContextManager[Any]) -> Iterator[None]:
    """Rebuild the prepared statements with the change, and again without it."""
    redemptions._build_statements.cache_clear()
    with change:
        yield
    redemptions._build_statements.cache_clear()


def drop_events() -> AbstractContextManager[Any]:
    """Commit a change without its event."""
    return patch.object(outbox, "add", lambda events: list(events).clear())
