"""Attempts of this process that are not stored yet.

A request only counts itself here, in memory. `services.insight.attempt_flush` stores
everything every few seconds. What exceeds the bounds is counted without its details.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from coupon_core.domain.models.attempts import FailedAttempt, GuessingBlock, Outcome

MAX_KEYS = 10_000
MAX_ATTEMPTS = 1_000
MAX_REFERENCES = 1_000
MAX_BLOCKS = 1_000


@dataclass(slots=True)
class Collected:
    """What was collected about one or all tenants.

    `dropped` counts what was summed under its tenant or left out, because the buffer
    was full.
    """

    counts: dict[Outcome, int] = field(default_factory=dict)
    attempts: list[FailedAttempt] = field(default_factory=list)
    references: set[tuple[str, str]] = field(default_factory=set)
    blocks: list[GuessingBlock] = field(default_factory=list)
    dropped: int = 0

    def split_by_tenant(self) -> Mapping[str, "Collected"]:
        """Return what concerns each tenant."""
        parts: defaultdict[str, Collected] = defaultdict(Collected)
        for outcome, count in self.counts.items():
            parts[outcome.tenant_id].counts[outcome] = count
        for attempt in self.attempts:
            parts[attempt.tenant_id].attempts.append(attempt)
        for tenant_id, reference in self.references:
            parts[tenant_id].references.add((tenant_id, reference))
        for block in self.blocks:
            parts[block.tenant_id].blocks.append(block)
        return dict(sorted(parts.items()))


_lock = threading.Lock()
_collected = Collected()


def count(outcome: Outcome, amount: int = 1) -> None:
    """Count an attempt by its outcome."""
    with _lock:
        counts = _collected.counts
        if outcome in counts:
            counts[outcome] += amount
        elif len(counts) < MAX_KEYS:
            counts[outcome] = amount
        else:
            _count_without_definition(outcome, amount)


def _count_without_definition(outcome: Outcome, amount: int) -> None:
    counts = _collected.counts
    summed = outcome._replace(definition_id="", code_key="")
    # Tenants, reasons and APIs are few, but nothing may grow without a bound.
    is_kept = summed in counts or len(counts) < 2 * MAX_KEYS
    if is_kept:
        counts[summed] = counts.get(summed, 0) + amount
    if not is_kept or summed != outcome:
        _collected.dropped += amount


def add_failure(attempt: FailedAttempt) -> None:
    """Keep a failed attempt."""
    with _lock:
        if len(_collected.attempts) < MAX_ATTEMPTS:
            _collected.attempts.append(attempt)
        else:
            _collected.dropped += 1


def note_reference(tenant_id: str, reference: str) -> None:
    """Remember the reference of a redemption, so that its other uses are looked for."""
    with _lock:
        if len(_collected.references) < MAX_REFERENCES:
            _collected.references.add((tenant_id, reference))


def note_block(block: GuessingBlock) -> None:
    """Remember that somebody has used up a limit of unknown codes."""
    with _lock:
        if len(_collected.blocks) < MAX_BLOCKS:
            _collected.blocks.append(block)
        else:
            _collected.dropped += 1


def take() -> Collected:
    """Return what was collected, and begin to collect from nothing."""
    global _collected
    with _lock:
        taken, _collected = _collected, Collected()
    return taken


def put_back(part: Collected) -> None:
    """Collect again what could not be stored, within the same bounds."""
    for outcome, amount in part.counts.items():
        count(outcome, amount)
    for attempt in part.attempts:
        add_failure(attempt)
    for tenant_id, reference in part.references:
        note_reference(tenant_id, reference)
    for block in part.blocks:
        note_block(block)
