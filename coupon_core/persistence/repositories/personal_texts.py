"""Stored documents that contain user IDs, such as events and webhook deliveries."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from coupon_core.persistence.database import execute, execute_many, transaction

PAGE_SIZE = 1_000
_ESCAPED_CHARACTERS = str.maketrans({"%": "!%", "_": "!_", "!": "!!"})


@dataclass(frozen=True, slots=True)
class PersonalText:
    """A column with documents; `keys` are the primary key without the tenant."""

    table: str
    column: str
    keys: tuple[str, ...]
    is_binary: bool = False
    assignments: str = ""  # further ones of the UPDATE


PERSONAL_TEXTS = (
    PersonalText(
        "outbox",
        "data",
        ("event_id",),
        assignments=""", subject = CASE subject
            WHEN :user_id THEN :pseudonym ELSE subject END""",
    ),
    PersonalText("webhook_delivery", "payload", ("webhook_id", "event_id")),
    PersonalText(
        "webhook_attempt", "response_body", ("webhook_id", "event_id", "number")
    ),
    PersonalText("dead_letter", "body", ("letter_id",), is_binary=True),
    PersonalText("audit_entry", "changes", ("entry_id",)),
    PersonalText("chunk", "user_ids", ("batch_id", "chunk_number")),
)


def rewrite(
    text: PersonalText,
    tenant_id: str,
    parameters: dict[str, str],
    needle: str,
    convert: Callable[[Any], Any],
) -> int:
    """Rewrite the documents that contain `needle`, and return how many changed.

    A document that has changed since it was read is left alone.

    Reads a page at a time, and writes each page in a transaction of its own.
    `parameters` are those of the assignments. `convert` returns the new document.
    """
    count = 0
    for rows in _iterate_pages(text, tenant_id, needle):
        changes = [
            {
                **parameters,
                "tenant_id": tenant_id,
                "document": new,
                "previous": old,
                **{
                    f"key_{key}": part
                    for key, part in zip(text.keys, row, strict=False)
                },
            }
            for *row, old in rows
            if old is not None and (new := convert(old)) != old
        ]
        if changes:
            with transaction():
                execute_many(_build_update(text), changes)
        count += len(changes)
    return count


def _iterate_pages(
    text: PersonalText, tenant_id: str, needle: str
) -> Iterator[Sequence[Any]]:
    # The database sends only documents that may contain the text.
    document = (
        text.column
        if text.is_binary
        else f"CASE WHEN {text.column} LIKE :pattern ESCAPE '!' THEN {text.column} END"
    )
    keys = ", ".join(text.keys)
    after = ", ".join(f":after_{key}" for key in text.keys)
    parameters: dict[str, Any] = {
        "tenant_id": tenant_id,
        "pattern": f"%{needle.translate(_ESCAPED_CHARACTERS)}%",
        "limit": PAGE_SIZE,
    }
    position = ""
    while True:
        sql = f"""SELECT {keys}, {document} FROM {text.table}
            WHERE tenant_id = :tenant_id {position} ORDER BY {keys} LIMIT :limit"""
        rows = execute(sql, parameters).fetchall()
        yield rows
        if len(rows) < PAGE_SIZE:
            return
        position = f"AND ({keys}) > ({after})"
        last_key = zip(text.keys, rows[-1], strict=False)
        parameters |= {f"after_{key}": part for key, part in last_key}


def _build_update(text: PersonalText) -> str:
    condition = " AND ".join(f"{key} = :key_{key}" for key in text.keys)
    return f"""UPDATE {text.table} SET {text.column} = :document{text.assignments}
        WHERE tenant_id = :tenant_id AND {condition}
        AND {text.column} = :previous"""
