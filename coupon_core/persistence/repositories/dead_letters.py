"""Messages that could not be processed."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from coupon_core.domain.models import DeadLetter, Page
from coupon_core.persistence.pages import read_page
from coupon_core.persistence.row_mapping import build_conversions, convert_row
from coupon_core.persistence.tables import DeadLetterTable, to_datetime

COLUMNS = [getattr(DeadLetterTable, field.name) for field in fields(DeadLetter)]
CONVERSIONS = build_conversions(DeadLetter, body=bytes, received_at=to_datetime)


def insert(letter: DeadLetter) -> None:
    """Insert a dead letter."""
    DeadLetterTable.insert(asdict(letter)).execute()


def list_dead_letters(
    tenant_id: str | None, page: Page
) -> tuple[list[DeadLetter], int]:
    """Return dead letters, newest first, and their total.

    Without `tenant_id` those of all tenants.
    """
    query = DeadLetterTable.select(*COLUMNS)
    if tenant_id is not None:
        query = query.where(DeadLetterTable.tenant_id == tenant_id)
    rows, total = read_page(query, page, DeadLetterTable.letter_id)
    return [_to_dead_letter(row) for row in rows], total


def find(tenant_id: str | None, letter_id: str) -> DeadLetter | None:
    """Return a dead letter, or None; without `tenant_id` of any tenant."""
    query = DeadLetterTable.select(*COLUMNS).where(
        DeadLetterTable.letter_id == letter_id
    )
    if tenant_id is not None:
        query = query.where(DeadLetterTable.tenant_id == tenant_id)
    row = query.tuples().first()
    return _to_dead_letter(row) if row else None


def pop(tenant_id: str | None, letter_id: str) -> DeadLetter | None:
    """Delete a dead letter and return it.

    Of several concurrent callers only one receives it; the others receive None.
    """
    letter = find(tenant_id, letter_id)
    if letter is None:
        return None
    key_condition = DeadLetterTable.match_key(letter.tenant_id, letter_id)
    return letter if DeadLetterTable.delete().where(key_condition).execute() else None


def _to_dead_letter(row: Sequence[Any]) -> DeadLetter:
    return DeadLetter(*convert_row(row, CONVERSIONS))
