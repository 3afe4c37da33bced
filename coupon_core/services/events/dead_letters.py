"""Messages that cannot be processed: kept, listed, tried again, dropped."""

import codecs
from datetime import datetime

from coupon_core.domain.models import (
    MILESTONE_TYPES,
    AdminReason,
    DeadLetter,
    Event,
    Page,
    Refused,
)
from coupon_core.messaging.topology import ROUTING_KEYS
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import dead_letters as store
from coupon_core.services import audit, outbox

MOST_BYTES = 65_536
LONGEST_TEXT = 500
EVENT_TYPES = {ROUTING_KEYS[kind]: name for name, kind in MILESTONE_TYPES.items()}


def bury(
    queue: str,
    routing_key: str,
    content_type: str,
    body: bytes,
    reason: str,
    tenant_id: str,
    now: datetime,
) -> str:
    """Keep a message that cannot be processed, with the reason; gives its new id."""
    letter = DeadLetter(
        tenant_id=tenant_id,
        letter_id=new_id(),
        queue=_storable(queue),
        routing_key=_storable(routing_key),
        content_type=_storable(content_type),
        reason=_storable(reason),
        body=body[:MOST_BYTES],
        received_at=now,
    )
    with transaction():
        store.insert(letter)
    return letter.letter_id


def listed(tenant_id: str | None, page: Page) -> tuple[list[DeadLetter], int]:
    """Dead letters, newest first, and how many there are; None is all tenants'."""
    return store.listed(tenant_id, page)


def get(tenant_id: str | None, letter_id: str) -> DeadLetter:
    """A dead letter. Refused when it is unknown."""
    return _known(store.find(tenant_id, letter_id))


def text_of(letter: DeadLetter) -> str | None:
    """The body as text that JSON and every database take; None if it is none."""
    try:
        text, _ = codecs.utf_8_decode(letter.body, "strict", True)
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


def retry(tenant_id: str | None, letter_id: str, now: datetime) -> None:
    """Send a dead letter to its queue again. Refused when unknown or unreadable."""
    with transaction():
        letter = _known(store.take(tenant_id, letter_id))
        event_type, text = EVENT_TYPES.get(letter.routing_key), text_of(letter)
        if event_type is None or text is None:
            raise Refused(AdminReason.DEAD_LETTER_UNREADABLE)
        outbox.add([Event(letter.tenant_id, new_id(), event_type, "", now, text)])
        audit.record(letter.tenant_id, "dead_letter.retried", letter_id)


def drop(tenant_id: str | None, letter_id: str) -> None:
    """Forget a dead letter. Refused when it is unknown."""
    with transaction():
        letter = _known(store.take(tenant_id, letter_id))
        audit.record(letter.tenant_id, "dead_letter.dropped", letter_id)


def _known(letter: DeadLetter | None) -> DeadLetter:
    if letter is None:
        raise Refused(AdminReason.DEAD_LETTER_NOT_FOUND)
    return letter


def _storable(text: str) -> str:
    """Text that every database takes: short, without NUL and lone surrogates."""
    plain = text.replace("\x00", "�")[:LONGEST_TEXT]
    return plain.encode("utf-8", "replace").decode()
