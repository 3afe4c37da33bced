"""Serialize domain values into the JSON shapes of the Phoenix specification."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from coupon_core.domain.models import (
    CodeAlphabet,
    CodeFormat,
    Definition,
    IssuedCoupon,
    Redemption,
    RewardItem,
    Trigger,
)
from coupon_core.domain.models.inventory import CodeJob
from coupon_core.domain.models.reservations import Reservation
from coupon_core.domain.rules.redemption import get_coupon_status
from coupon_core.domain.timestamps import format_timestamp

Document = dict[str, Any]

TRIGGER_MEMBERS = {
    Trigger.STREAK_MILESTONE: ("streak_id", "milestone_threshold"),
    Trigger.ACHIEVEMENT_COMPLETED: ("achievement_id", None),
    Trigger.LEADERBOARD_RANK: ("leaderboard_id", "rank_threshold"),
}


def serialize_coupon(issued: IssuedCoupon, now: datetime) -> Document:
    """Return a coupon as the Phoenix specification shows it."""
    coupon = issued.coupon
    return {
        "id": coupon.coupon_id,
        "definition_id": coupon.definition_id,
        "definition_name": issued.definition.name,
        "tenant_id": coupon.tenant_id,
        "user_id": coupon.user_id or None,
        "code": coupon.code,
        "status": get_coupon_status(issued, now).value,
        "generated_at": format_timestamp(coupon.generated_at),
        "expires_at": format_timestamp(issued.expires_at),
        "redeemed_at": format_timestamp(coupon.redeemed_at),
        "redemption_count": coupon.redemption_count,
        "coupon_type": "reward",
        "reward_item": serialize_reward_item(issued.reward_item),
    }


def serialize_coupon_list(
    name: str, rows: Iterable[IssuedCoupon], total: int, now: datetime
) -> Document:
    """Return a list of coupons under `name`; `total` is the number of all matches."""
    return {name: [serialize_coupon(row, now) for row in rows], "total": total}


def serialize_redemption_note(redemption: Redemption) -> Document:
    """Return the reference and metadata of a redemption, if it has any."""
    if not redemption.has_note:
        return {}
    metadata = dict(redemption.metadata or {})
    return {"reference": redemption.reference, "metadata": metadata}


def serialize_reservation(reservation: Reservation) -> Document:
    """Return a reservation as its events contain it."""
    return {
        "reservation_id": reservation.reservation_id,
        "user_id": reservation.user_id,
        "expires_at": format_timestamp(reservation.expires_at),
        "reference": reservation.reference,
        "metadata": dict(reservation.metadata or {}),
    }


def serialize_code_job(job: CodeJob) -> Document:
    """Return a code job and its progress."""
    return {
        "job_id": job.job_id,
        "kind": job.kind.value,
        "state": job.state.value,
        "definition_id": job.definition_id,
        "batch_id": job.batch_id,
        "user_id": job.user_id or None,
        "expires_at": format_timestamp(job.expires_at),
        "by": job.actor or None,
        "total": job.total_count or None,
        "done": job.done_count,
        "skipped": job.skipped_count,
        "skipped_reasons": dict(job.skipped_reasons),
        "created_at": format_timestamp(job.created_at),
        "updated_at": format_timestamp(job.updated_at),
        "finished_at": format_timestamp(job.finished_at),
    }


def serialize_reward_item(item: RewardItem) -> Document:
    """Return a reward item as it is embedded in a coupon."""
    return {
        "item_id": item.item_id,
        "name": item.name,
        "description": item.description,
        "reward_type": item.reward_type,
        "payload": dict(item.payload),
    }


def serialize_definition(definition: Definition) -> Document:
    """Return a definition for players.

    The custom code is left out, because knowing it is enough to claim the reward, and
    `limits`, `refill` and `hot`, because the specification prints the whole document.
    """
    config = serialize_definition_config(definition)
    for name in ("custom_code", "limits", "refill", "hot"):
        config.pop(name, None)
    return {
        "id": definition.definition_id,
        "tenant_id": definition.tenant_id,
        "name": definition.name,
        "description": definition.description,
        "config": config,
        "status": definition.effective_status.value,
    }


def serialize_definition_config(definition: Definition) -> Document:
    """Return the `config` member of a definition, without members that are not set."""
    optional = {
        "time_zone": definition.time_zone or None,
        "starts_at": format_timestamp(definition.starts_at),
        "expires_at": format_timestamp(definition.expires_at),
        "auto_generate": _serialize_auto_generate(definition),
        "refill": _serialize_refill(definition),
        "hot": definition.hot or None,
    }
    return {
        "reward_item_id": definition.reward_item_id,
        "code_format": definition.code_format.value,
        **_serialize_code_config(definition),
        "case_sensitive": definition.case_sensitive,
        "usage_limit": serialize_usage_limit(definition),
        "limits": _serialize_limits(definition),
        **{name: value for name, value in optional.items() if value is not None},
    }


def _serialize_code_config(definition: Definition) -> Document:
    if definition.code_format == CodeFormat.CUSTOM:
        return {
            "custom_code": definition.custom_code,
            "claimable": definition.claimable,
        }
    if definition.code_format == CodeFormat.SHARED:
        return {"claimable": definition.claimable}
    has_own_alphabet = definition.code_alphabet != CodeAlphabet.UNAMBIGUOUS
    alphabet = (
        {"code_alphabet": definition.code_alphabet.value} if has_own_alphabet else {}
    )
    check = {"code_check": True} if definition.code_check else {}
    return {**_serialize_random_part(definition), **alphabet, **check}


def _serialize_random_part(definition: Definition) -> Document:
    if definition.code_pattern:
        return {"code_pattern": definition.code_pattern}
    prefix = {"code_prefix": definition.code_prefix} if definition.code_prefix else {}
    return {**prefix, "code_length": definition.code_length}


def serialize_usage_limit(definition: Definition) -> Document:
    """Return the limit in Phoenix terms: per user, global, or unlimited."""
    if definition.per_code_limit:
        return {"limit_type": "per_user", "max_uses": definition.per_code_limit}
    if definition.total_limit:
        return {"limit_type": "global", "max_uses": definition.total_limit}
    return {"limit_type": "unlimited"}


def _serialize_limits(definition: Definition) -> Document:
    max_uses, period = definition.user_period_limit, definition.user_period
    return {
        "per_code": definition.per_code_limit or None,
        "per_user": definition.per_user_limit or None,
        "total": definition.total_limit or None,
        "per_user_period": {"max_uses": max_uses, "period": period}
        if max_uses
        else None,
    }


def _serialize_refill(definition: Definition) -> Document | None:
    if not definition.refill_count:
        return None
    return {"count": definition.refill_count, "below": definition.refill_below}


def _serialize_auto_generate(definition: Definition) -> Document | None:
    if definition.trigger_kind is None:
        return None
    source, threshold = TRIGGER_MEMBERS[definition.trigger_kind]
    config: Document = {source: definition.trigger_source}
    if threshold:
        config[threshold] = definition.trigger_threshold
    return {
        "enabled": definition.trigger_enabled,
        "trigger": definition.trigger_kind.value,
        "trigger_config": config,
    }
