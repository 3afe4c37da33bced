"""List failed attempts, and store those that a process has collected."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from coupon_core.domain import codes
from coupon_core.domain.code_masking import mask_code
from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.models.attempts import (
    Attempt,
    AttemptAction,
    AttemptFilter,
    Outcome,
)
from coupon_core.domain.pasted_text import clean_pasted_code, to_remembered_code
from coupon_core.domain.report_counts import (
    WHOLE_TENANT,
    Counts,
    ReportCounts,
    get_quarter_at,
)
from coupon_core.observability.attempt_buffer import Collected
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import attempts as attempt_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import creator_codes, report_counts
from coupon_core.persistence.repositories.attempts import RefusalKey
from coupon_core.services import outbox
from coupon_core.services.catalog import definitions
from coupon_core.services.insight import signals
from coupon_core.services.privacy import personal_data, tenant_keys

KEY_PURPOSE = "attempts"
HASH_DIGITS = 32
PRUNED_AT_ONCE = 2_000

_max_attempts = 100_000


def configure(max_attempts: int) -> None:
    """Set how many failed attempts are kept for each tenant."""
    global _max_attempts
    _max_attempts = max_attempts


def list_attempts(
    tenant_id: str,
    code: str | None = None,
    user_id: str | None = None,
    definition_id: str | None = None,
    limit: int = 100,
    cursor: str | None = None,
    **filters: Any,
) -> tuple[list[Attempt], str | None]:
    """Return a page of failed attempts, newest first, and the cursor of the next one.

    `filters` are further members of `AttemptFilter`. The cursor is None on the last
    page.

    Raises:
        Refused: The definition is unknown.
    """
    if definition_id is not None:
        definitions.get(tenant_id, definition_id)
    members = asdict(
        AttemptFilter(user_id=user_id, definition_id=definition_id, **filters)
    )
    del members["code"]
    if code is not None:
        key = tenant_keys.find_key(tenant_id, KEY_PURPOSE)
        if key is None:  # without a key, no attempt has been stored yet
            return [], None
        members["code_hash"] = _hash_code(key, code)
    rows = attempt_repository.list_attempts(
        tenant_id, {**members, "before_id": cursor}, limit + 1
    )
    page = rows[:limit]
    return page, page[-1].attempt_id if len(rows) > limit else None


def _hash_code(key: bytes, code: str) -> str:
    remembered = to_remembered_code(code)
    return tenant_keys.compute_digest(key, to_lookup_key(remembered), HASH_DIGITS)


def store(tenant_id: str, collected: Collected, now: datetime) -> int:
    """Store what a process has collected about a tenant; return the attempt count.

    Nothing is stored about a tenant that is unknown or being deleted.
    """
    with transaction():
        # Waits for an erasure, which would not see the attempts of this transaction.
        coupon_repository.announce_coupon_write()
        if not attempt_repository.lock_live_tenant(tenant_id):
            return 0
        collected = _replace_erased_users(tenant_id, collected)
        events = [signals.build_block_event(block) for block in collected.blocks]
        hashes = _insert_attempts(tenant_id, collected, now)
        _raise_refusals(tenant_id, collected.counts)
        references = sorted(reference for _, reference in collected.references)
        events += signals.raise_signals(
            tenant_id, collected.attempts, references, hashes=hashes, now=now
        )
        outbox.add(events)
        report_counts.raise_counts(
            tenant_id, _to_report_counts(tenant_id, collected.counts)
        )
    return len(collected.attempts)


def _replace_erased_users(tenant_id: str, collected: Collected) -> Collected:
    """Return what was collected, without the IDs of users who were erased since."""
    mentions = {(each.user_id, each.attempted_at) for each in collected.attempts}
    mentions |= {
        (each.subject, each.blocked_at)
        for each in collected.blocks
        if signals.is_user_block(each)
    }
    pseudonyms = personal_data.find_pseudonyms(tenant_id, mentions)
    if not pseudonyms:
        return collected

    def get_current_id(user_id: str, at: datetime) -> str:
        return pseudonyms.get((user_id, at), user_id)

    attempts = [
        replace(each, user_id=get_current_id(each.user_id, each.attempted_at))
        for each in collected.attempts
    ]
    blocks = [
        replace(each, subject=get_current_id(each.subject, each.blocked_at))
        for each in collected.blocks
    ]
    return replace(collected, attempts=attempts, blocks=blocks)


def _insert_attempts(
    tenant_id: str, collected: Collected, now: datetime
) -> dict[str, str]:
    """Insert the attempts, and return the hash of each code as it was entered."""
    if not collected.attempts:
        return {}
    key = tenant_keys.require_key(tenant_id, KEY_PURPOSE, now)
    entered = {attempt.code for attempt in collected.attempts}
    hashes = {code: _hash_code(key, code) for code in entered}
    stored_codes = {
        code: {"code_hash": hashes[code], "masked_code": _mask(code)}
        for code in entered
    }
    attempt_repository.insert(collected.attempts, tenant_id, stored_codes)
    return hashes


def _mask(entered: str) -> str:
    """Return what was entered, masked; of other texts than codes only the length."""
    code = codes.normalize_code(entered)
    if code is None:
        return "*" * min(len(clean_pasted_code(entered)), codes.MAX_CODE_LENGTH)
    return mask_code(code)


def _raise_refusals(tenant_id: str, counts: dict[Outcome, int]) -> None:
    refusals: Counter[RefusalKey] = Counter()
    for outcome, count in counts.items():
        if outcome.reason:
            definition_id = outcome.definition_id or WHOLE_TENANT
            key = definition_id, outcome.action, outcome.reason, outcome.dialect
            refusals[get_quarter_at(outcome.quarter), *key] += count
    attempt_repository.raise_refusals(tenant_id, refusals)


def _to_report_counts(
    tenant_id: str, counts: dict[Outcome, int]
) -> Iterable[ReportCounts]:
    code_keys = {outcome.code_key for outcome in counts} - {""}
    creators = creator_codes.find_creators(tenant_id, code_keys)
    for outcome, count in counts.items():
        is_validation = outcome.action == AttemptAction.VALIDATE
        yield ReportCounts(
            outcome.definition_id or WHOLE_TENANT,
            get_quarter_at(outcome.quarter),
            creator_key=creators.get((outcome.definition_id, outcome.code_key), ""),
            dialect=outcome.dialect,
            counts=(
                Counts(validated=count) if is_validation else Counts(refused=count)
            ),
        )


def delete_excess(tenant_id: str) -> int:
    """Delete the oldest attempts of a tenant that has more than are kept."""
    return attempt_repository.delete_excess(tenant_id, _max_attempts, PRUNED_AT_ONCE)
