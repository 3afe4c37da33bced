"""Signals: raise them when failed attempts are stored, and list them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from coupon_core.domain.models import UNASSIGNED, Event
from coupon_core.domain.models.attempts import (
    FailedAttempt,
    GuessingBlock,
    Signal,
    SignalFilter,
    SignalKind,
    SignalThresholds,
)
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.persistence.repositories import signals as signal_repository
from coupon_core.services import outbox

MAX_STORING_DELAY = timedelta(minutes=1)

_thresholds = SignalThresholds()


def configure(thresholds: SignalThresholds) -> None:
    """Set from how many events within an hour on a signal is raised."""
    global _thresholds
    _thresholds = thresholds


def list_signals(
    tenant_id: str,
    signal_filter: SignalFilter,
    limit: int,
    before: Signal | None = None,
) -> tuple[list[Signal], bool]:
    """Return a page of signals, the newest hour first, and whether there are more.

    `before` is the last signal of the previous page.
    """
    rows = signal_repository.list_signals(
        tenant_id, asdict(signal_filter), before=before, limit=limit + 1
    )
    return rows[:limit], len(rows) > limit


def raise_signals(
    tenant_id: str,
    attempts: Sequence[FailedAttempt],
    references: Sequence[str],
    hashes: dict[str, str],
    now: datetime,
) -> list[Event]:
    """Store what the attempts and references of a flush signal; return the new events.

    Call it in the transaction that has inserted the attempts. `hashes` contains the
    hash of each code as it was entered.
    """
    events = []
    attempts_by_hour: defaultdict[datetime, list[FailedAttempt]] = defaultdict(list)
    for attempt in attempts:
        attempts_by_hour[_get_hour(attempt.attempted_at)].append(attempt)
    if references:  # some of the redemptions may be of the previous hour
        attempts_by_hour[_get_hour(now - MAX_STORING_DELAY)] += []
        attempts_by_hour[_get_hour(now)] += []
    for hour_at, of_hour in sorted(attempts_by_hour.items()):
        found = [
            *_find_user_failures(tenant_id, of_hour, hour_at),
            *_find_shared_codes(tenant_id, of_hour, hour_at, hashes=hashes),
            *_find_reused_references(tenant_id, references, hour_at),
        ]
        if found:
            new = signal_repository.raise_signals(tenant_id, found)
            events += [_build_event(tenant_id, signal, now) for signal in new]
    return events


def _get_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _find_user_failures(
    tenant_id: str, attempts: Sequence[FailedAttempt], hour_at: datetime
) -> list[Signal]:
    user_ids = sorted({attempt.user_id for attempt in attempts} - {""})
    if not user_ids or not _thresholds.user_failures:
        return []
    return signal_repository.count_user_failures(
        tenant_id, user_ids, hour_at, threshold=_thresholds.user_failures
    )


def _find_shared_codes(
    tenant_id: str,
    attempts: Sequence[FailedAttempt],
    hour_at: datetime,
    hashes: dict[str, str],
) -> Iterator[Signal]:
    """Yield the personal codes that many users have tried, by their coupon's ID."""
    codes = {hashes[attempt.code]: attempt.code for attempt in attempts}
    threshold = _thresholds.code_users
    if not codes or not threshold:
        return
    for candidate in signal_repository.count_code_users(
        tenant_id, sorted(codes), hour_at, threshold=threshold
    ):
        owned = code_lookup_repository.find_for_tenant(
            tenant_id, codes[candidate.subject]
        )
        # A code of several users, or of everybody, is meant to be shared.
        if len(owned) != 1 or owned[0].coupon.user_id == UNASSIGNED:
            continue
        coupon, definition = owned[0].coupon, owned[0].definition
        if definition.custom_code:
            continue
        for signal in signal_repository.count_code_users(
            tenant_id,
            [candidate.subject],
            hour_at,
            threshold=threshold,
            owner_id=coupon.user_id,
        ):
            yield replace(signal, subject=coupon.coupon_id)


def _find_reused_references(
    tenant_id: str, references: Sequence[str], hour_at: datetime
) -> list[Signal]:
    if not references or not _thresholds.reference_uses:
        return []
    return signal_repository.count_reference_uses(
        tenant_id, references, hour_at, threshold=_thresholds.reference_uses
    )


def _build_event(tenant_id: str, signal: Signal, now: datetime) -> Event:
    user_id = signal.subject if signal.kind == SignalKind.USER_FAILURES else UNASSIGNED
    data: dict[str, Any] = {
        "kind": signal.kind,
        "subject": signal.subject,
        "count": signal.count,
        "first": format_timestamp_milliseconds(signal.first_at),
        "last": format_timestamp_milliseconds(signal.last_at),
    }
    return outbox.build_event(
        tenant_id, "signal.raised", subject=user_id, data=data, now=now
    )


def is_user_block(block: GuessingBlock) -> bool:
    """Return True if a user is blocked, not a credential or a tenant."""
    return block.limit == "guesses-per-user"


def build_block_event(block: GuessingBlock) -> Event:
    """Return the event that somebody has used up a limit of unknown codes."""
    data = {
        "limit": block.limit,
        "subject": block.subject,
        "amount": block.amount,
        "window_seconds": block.window_seconds,
        "blocked_until": format_timestamp_milliseconds(block.blocked_until),
    }
    return outbox.build_event(
        block.tenant_id,
        "guessing.blocked",
        subject=block.subject if is_user_block(block) else UNASSIGNED,
        data=data,
        now=block.blocked_at,
    )
