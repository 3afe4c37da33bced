"""Messages that could not be processed."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from coupon_core.model import DeadLetter, Page
from coupon_core.tables import DeadLetter as Table
from coupon_core.tables import as_time

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


def take(tenant_id: str | None, letter_id: str) -> DeadLetter | None:
    """Remove a dead letter and give it, for the one caller that gets it."""
    this = Table.letter_id == letter_id
    if tenant_id is not None:
        this &= Table.tenant_id == tenant_id
    row = Table.select(*COLUMNS).where(this).tuples().first()
    if row is None or not Table.delete().where(this).execute():
        return None
    return _letter_of(row)


def _letter_of(row: Sequence[Any]) -> DeadLetter:
    *texts, body, received_at = row
    return DeadLetter(*[*texts, bytes(body), as_time(received_at)])
