"""Count events of the outbox for reports, each exactly once.

The claim of events, their counts and their mark are one transaction.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.report_counts import Counts, ReportCounts, get_quarter
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import creator_codes, uncounted_events
from coupon_core.persistence.repositories.report_counts import raise_counts
from coupon_core.persistence.repositories.uncounted_events import (
    list_tenants_with_uncounted,
    measure,
)

__all__ = ["count_events", "list_tenants_with_uncounted", "measure"]

log = structlog.get_logger("coupon.counter")

GIFT_TYPES = ("coupon.generated", "coupon.assigned")


@dataclass(frozen=True, slots=True)
class CountedEvent:
    """What is counted of an event: uses of a coupon, or that a user was given it.

    `dialect` and `creator_key` are None if they have to be looked up: in events of
    earlier releases, and in refunds of uses of several APIs.
    """

    event_type: str
    quarter_at: datetime
    definition_id: str
    coupon_id: str
    code: str
    has_user: bool
    use_numbers: Sequence[int]
    dialect: str | None
    creator_key: str | None

    @property
    def creator_lookup_key(self) -> tuple[str, str]:
        """The key of its code in `find_creators`."""
        return self.definition_id, to_lookup_key(self.code)


def count_events(tenant_id: str, limit: int) -> int:
    """Count up to `limit` events of a tenant, and return how many were claimed."""
    with transaction():
        claimed = uncounted_events.claim(tenant_id, limit)
        events = [event for row in claimed for event in _read_event(*row)]
        raise_counts(tenant_id, _build_counts(tenant_id, events))
    return len(claimed)


def _read_event(
    event_id: str, event_type: str, occurred_at: datetime, data: str, is_due: bool
) -> Iterator[CountedEvent]:
    """Yield the event if it occurred since the cut-over and has what is counted."""
    if not is_due:
        return
    try:
        yield _to_counted_event(event_type, occurred_at, json.loads(data))
    except (ValueError, LookupError, TypeError, AttributeError):
        log.error("event cannot be counted", event_id=event_id, event_type=event_type)


def _to_counted_event(
    event_type: str, occurred_at: datetime, data: Mapping[str, Any]
) -> CountedEvent:
    coupon = data["coupon"]
    is_gift = event_type in GIFT_TYPES
    numbers = () if is_gift else data.get("use_numbers") or [data["use_number"]]
    return CountedEvent(
        event_type,
        get_quarter(occurred_at),
        definition_id=str(UUID(coupon["definition_id"])),
        coupon_id=str(UUID(coupon["id"])),
        code=coupon["code"],
        has_user=bool(coupon["user_id"]),
        use_numbers=[int(number) for number in numbers],
        dialect=data.get("dialect"),
        creator_key=data["creator_key"] or "" if "creator_key" in data else None,
    )


def _build_counts(
    tenant_id: str, events: Sequence[CountedEvent]
) -> Iterator[ReportCounts]:
    uses = [event for event in events if event.use_numbers]
    gifts = [event for event in events if not event.use_numbers]
    creators = creator_codes.find_creators(
        tenant_id,
        {use.creator_lookup_key[1] for use in uses if use.creator_key is None},
    )
    dialects = uncounted_events.find_dialects(
        tenant_id, {use.coupon_id for use in uses if not use.dialect}
    )
    for use in uses:
        creator_key = use.creator_key
        if creator_key is None:
            creator_key = creators.get(use.creator_lookup_key, "")
        for number in use.use_numbers:
            dialect = use.dialect or dialects.get((use.coupon_id, number), "")
            yield _count_use(use, creator_key, dialect)
    listed = uncounted_events.find_listed(
        tenant_id, {gift.definition_id for gift in gifts}
    )
    for gift in gifts:
        # Listed codes are counted as generated when they are listed.
        is_new = gift.event_type == "coupon.generated"
        yield ReportCounts(
            gift.definition_id,
            gift.quarter_at,
            counts=Counts(
                generated=int(is_new and gift.definition_id not in listed),
                assigned=int(gift.has_user),
            ),
        )


def _count_use(use: CountedEvent, creator_key: str, dialect: str) -> ReportCounts:
    is_redemption = use.event_type == "coupon.redeemed"
    return ReportCounts(
        use.definition_id,
        use.quarter_at,
        creator_key,
        dialect=dialect,
        counts=Counts(redeemed=1) if is_redemption else Counts(reversed=1),
    )
