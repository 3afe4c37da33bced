"""The personal data of a user: export it, or erase it (docs/api-contracts.md 0.42)."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from coupon_core.domain.models import AdminReason, PurchaseReason, Refused
from coupon_core.json_encoding import encode_json
from coupon_core.persistence.database import discarded_transaction, transaction
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import personal_data, personal_texts
from coupon_core.persistence.repositories import reservations as reservation_repository
from coupon_core.persistence.repositories.personal_texts import PERSONAL_TEXTS
from coupon_core.services import audit
from coupon_core.services.privacy import tenant_keys

KEY_PURPOSE = "pseudonyms"
PSEUDONYM_PREFIX = "erased-"
PSEUDONYM_DIGITS = 32
# The members of our documents, and of those of the vendors, that hold a user ID.
USER_ID_MEMBERS = frozenset({"user_id", "userId", "subject", "uuid"})
Mention = tuple[str, datetime]
"""A user ID, and when it was used."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure has changed."""

    pseudonym: str
    row_counts: Mapping[str, int]
    document_count: int


def export(tenant_id: str, user_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return all rows about a user by the name of their table, and audit it.

    Raises:
        Refused: Nothing is stored about the user.
    """
    with transaction():
        rows = personal_data.list_rows(tenant_id, user_id)
        _require_rows(any(rows.values()))
        audit.record(tenant_id, "user.exported", user_id)
    return rows


def preview_erasure(tenant_id: str, user_id: str) -> dict[str, int]:
    """Return how many rows an erasure would change, by table, without changing any.

    Raises:
        Refused: Nothing is stored about the user.
    """
    with discarded_transaction():
        coupon_repository.lock_coupons_exclusively()
        counts = personal_data.replace_user_id(tenant_id, user_id, PSEUDONYM_PREFIX)
    _require_rows(any(counts.values()))
    return counts


def erase(tenant_id: str, user_id: str, now: datetime) -> Erasure:
    """Replace a user's ID by a pseudonym everywhere; afterwards the ID is a new user.

    Counts and unique keys stay, so that limits remain exact. Metadata, references and
    details of the user are deleted. Stored documents are rewritten after the rows, in
    small transactions; after an interruption, call this again to continue. What was
    stored about the ID since the interruption gets a pseudonym of its own.

    Raises:
        Refused: Nothing is stored about the user, or reservations hold uses for the
            user; nothing has changed.
    """
    with transaction():
        coupon_repository.lock_coupons_exclusively()
        if reservation_repository.has_live(tenant_id, user_id, now):
            raise Refused(AdminReason.LIVE_RESERVATIONS)
        key = tenant_keys.require_key(tenant_id, KEY_PURPOSE, now)
        pseudonym, is_resumed = _choose_pseudonym(tenant_id, user_id, key)
        counts: Mapping[str, int] = {}
        if not is_resumed:
            counts = personal_data.replace_user_id(tenant_id, user_id, pseudonym)
            _require_rows(any(counts.values()))
            personal_data.insert_erasure(tenant_id, pseudonym, now)
            audit.record(tenant_id, "user.erased", pseudonym)
    document_count = _rewrite_documents(tenant_id, user_id, pseudonym)
    personal_data.finish_erasure(tenant_id, pseudonym, now)
    if is_resumed and any(personal_data.list_rows(tenant_id, user_id).values()):
        return erase(tenant_id, user_id, now)
    return Erasure(pseudonym, counts, document_count)


def _require_rows(has_rows: bool) -> None:
    if not has_rows:
        # Not "User not found": most users are not registered.
        text = "Nothing is stored about this user."
        raise Refused(PurchaseReason.USER_NOT_FOUND, text)


def _choose_pseudonym(tenant_id: str, user_id: str, key: bytes) -> tuple[str, bool]:
    """Return the pseudonym, and whether its erasure was interrupted.

    An ID that is erased again has new data, which needs another pseudonym.
    """
    for number in count():
        pseudonym = _build_pseudonym(key, number, user_id)
        is_finished = personal_data.is_finished(tenant_id, pseudonym)
        if not is_finished:
            return pseudonym, is_finished is False
    raise AssertionError("unreachable")


def _build_pseudonym(key: bytes, number: int, user_id: str) -> str:
    message = f"{number}/{user_id}"
    digest = tenant_keys.compute_digest(key, message, PSEUDONYM_DIGITS)
    return PSEUDONYM_PREFIX + digest


def find_pseudonyms(
    tenant_id: str, mentions: Collection[Mention]
) -> dict[Mention, str]:
    """Return the pseudonyms of those users who were erased after they were mentioned.

    Call it in the transaction that stores the mentions, after `announce_coupon_write`,
    which waits for a running erasure.
    """
    key = tenant_keys.find_key(tenant_id, KEY_PURPOSE)
    pseudonyms: dict[Mention, str] = {}
    if key is None:
        return pseudonyms
    for number in count():
        users = {_build_pseudonym(key, number, user): user for user, _ in mentions}
        erasures = {
            users[pseudonym]: (pseudonym, erased_at)
            for pseudonym, erased_at in personal_data.list_erasures(tenant_id, users)
        }
        later = []
        for mention in mentions:
            pseudonym, erased_at = erasures.get(mention[0], ("", None))
            if erased_at and mention[1] <= erased_at:
                pseudonyms[mention] = pseudonym
            elif erased_at:  # the ID may have been erased again
                later.append(mention)
        if not later:
            break
        mentions = later
    return pseudonyms


def _rewrite_documents(tenant_id: str, user_id: str, pseudonym: str) -> int:
    needle = json.dumps(user_id, ensure_ascii=False)[1:-1]
    replacement = {user_id: pseudonym}

    def convert(document: Any) -> Any:
        return _rewrite_document(document, replacement)

    parameters = {"user_id": user_id, "pseudonym": pseudonym}
    return sum(
        personal_texts.rewrite(
            text, tenant_id, parameters, needle=needle, convert=convert
        )
        for text in PERSONAL_TEXTS
    )


def _rewrite_document(document: Any, replacement: Mapping[str, str]) -> Any:
    """Return a JSON document with the user's ID replaced; other text is unchanged."""
    is_text = isinstance(document, str)
    try:
        value = json.loads(document if is_text else bytes(document))
    except ValueError:
        return document
    if isinstance(value, list):  # the users of a batch
        rewritten: Any = [
            replacement.get(item, item) if isinstance(item, str) else item
            for item in value
        ]
    else:
        rewritten = _replace_ids(value, replacement)
    if rewritten == value:
        return document
    encoded = encode_json(rewritten)
    return encoded.decode() if is_text else encoded


def _replace_ids(value: Any, replacement: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_replace_ids(item, replacement) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: replacement[member]
        if name in USER_ID_MEMBERS and isinstance(member, str) and member in replacement
        else _replace_ids(member, replacement)
        for name, member in value.items()
    }
