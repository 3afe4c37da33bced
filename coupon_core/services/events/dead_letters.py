"""Store, list, retry and discard messages that cannot be processed."""

import codecs
import json
from datetime import datetime

from coupon_core.domain.identifiers import is_tenant_id
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
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import dead_letters as dead_letter_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.services import audit, outbox
from coupon_core.services.errors import require_found

MAX_BODY_BYTES = 65_536
MAX_TEXT_LENGTH = 500
MAX_PARSED_BYTES = 1_048_576  # more is not parsed only to find its tenant
TENANT_MEMBERS = ("tenantid", "tenant_id")
EVENT_TYPES_BY_ROUTING_KEY = {
    ROUTING_KEYS[trigger]: event_type for event_type, trigger in MILESTONE_TYPES.items()
}


def store_dead_letter(
    queue: str,
    routing_key: str,
    content_type: str,
    body: bytes,
    reason: str,
    now: datetime,
    tenant_id: str | None = None,
) -> DeadLetter:
    """Store a message that cannot be processed, with the reason.

    Without `tenant_id` it belongs to the tenant that its body names, if that exists.
    """
    letter = DeadLetter(
        tenant_id=_find_named_tenant(body) if tenant_id is None else tenant_id,
        letter_id=generate_id(),
        queue=_to_storable_text(queue),
        routing_key=_to_storable_text(routing_key),
        content_type=_to_storable_text(content_type),
        reason=_to_storable_text(reason),
        body=body[:MAX_BODY_BYTES],
        received_at=now,
    )
    with transaction():
        dead_letter_repository.insert(letter)
    return letter


def _find_named_tenant(body: bytes) -> str:
    """Return the tenant that a message names, however invalid it is otherwise.

    Returns "" if it names none that exists, or several.
    """
    if len(body) > MAX_PARSED_BYTES:
        return ""
    text = body.decode(json.detect_encoding(body), "replace")
    try:
        # As pairs, because a repeated member could name a second tenant.
        members = json.loads(text, object_pairs_hook=tuple, parse_int=str, strict=False)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(members, tuple):  # the message is no object
        return ""
    named = {str(value) for name, value in members if name in TENANT_MEMBERS}
    tenant_id = named.pop() if len(named) == 1 else ""
    is_known = is_tenant_id(tenant_id) and tenant_repository.exists(tenant_id)
    return tenant_id if is_known else ""


def list_dead_letters(
    tenant_id: str | None, page: Page
) -> tuple[list[DeadLetter], int]:
    """Return a page of dead letters, newest first, and the total count.

    `tenant_id` None selects all tenants.
    """
    return dead_letter_repository.list_dead_letters(tenant_id, page)


def get(tenant_id: str | None, letter_id: str) -> DeadLetter:
    """Return a dead letter; refuse if it does not exist."""
    return require_found(
        dead_letter_repository.find(tenant_id, letter_id),
        AdminReason.DEAD_LETTER_NOT_FOUND,
    )


def decode_body(letter: DeadLetter) -> str | None:
    """Return the body as text, or None if it is not UTF-8 or contains NUL."""
    try:
        text, _ = codecs.utf_8_decode(letter.body, "strict", True)
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


def retry(tenant_id: str | None, letter_id: str, now: datetime) -> None:
    """Send a dead letter to its queue again.

    Raises:
        Refused: The dead letter does not exist, or its body is not readable.
    """
    with transaction():
        letter = _pop(tenant_id, letter_id)
        event_type = EVENT_TYPES_BY_ROUTING_KEY.get(letter.routing_key)
        text = decode_body(letter)
        if event_type is None or text is None:
            raise Refused(AdminReason.DEAD_LETTER_UNREADABLE)
        outbox.add(
            [
                Event(
                    letter.tenant_id,
                    generate_id(),
                    event_type=event_type,
                    subject="",
                    occurred_at=now,
                    data=text,
                )
            ]
        )
        audit.record(letter.tenant_id, "dead_letter.retried", letter_id)


def discard(tenant_id: str | None, letter_id: str) -> None:
    """Delete a dead letter; refuse if it does not exist."""
    with transaction():
        letter = _pop(tenant_id, letter_id)
        audit.record(letter.tenant_id, "dead_letter.dropped", letter_id)


def _pop(tenant_id: str | None, letter_id: str) -> DeadLetter:
    return require_found(
        dead_letter_repository.pop(tenant_id, letter_id),
        AdminReason.DEAD_LETTER_NOT_FOUND,
    )


def _to_storable_text(text: str) -> str:
    """Return text that every database can store: no NUL, no lone surrogates."""
    plain = text.replace("\x00", "�")[:MAX_TEXT_LENGTH]
    return plain.encode("utf-8", "replace").decode()
