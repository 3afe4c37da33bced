"""Messages that could not be processed."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from coupon_core.domain.models import DeadLetter, Page
from coupon_core.persistence.tables import DeadLetter as Table
from coupon_core.persistence.tables import as_time

COLUMNS = [getattr(Table, field.name) for field in fields(DeadLetter)]


def insert(letter: DeadLetter) -> None:
    """Keep a message."""
    Table.insert(asdict(letter)).execute()


def listed(tenant_id: str | None, page: Page) -> tuple[list[DeadLetter], int]:
    """Dead letters, newest first, and how many there are; None is all tenants'."""
    query = Table.select(*COLUMNS)
    if tenant_id is not None:
        query = query.where(Table.tenant_id == tenant_id)
    newest = query.order_by(Table.letter_id.desc())
    rows = newest.limit(page.limit).offset(page.offset).tuples()
    return [_letter_of(row) for row in rows], query.count()


def find(tenant_id: str | None, letter_id: str) -> DeadLetter | None:
    """A dead letter, if there is one; None is all tenants'."""
    row = Table.select(*COLUMNS).where(_this(tenant_id, letter_id)).tuples().first()
    return _letter_of(row) if row else None


def take(tenant_id: str | None, letter_id: str) -> DeadLetter | None:
    """Remove a dead letter and give it, for the one caller that gets it."""
    letter = find(tenant_id, letter_id)
    gone = Table.delete().where(_this(tenant_id, letter_id)).execute()
    return letter if gone else None


def _this(tenant_id: str | None, letter_id: str) -> Any:
    this = Table.letter_id == letter_id
    return this if tenant_id is None else this & (Table.tenant_id == tenant_id)


def _letter_of(row: Sequence[Any]) -> DeadLetter:
    *texts, body, received_at = row
    return DeadLetter(*[*texts, bytes(body), as_time(received_at)])
