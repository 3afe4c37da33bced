"""The JSON shapes of the Phoenix documents: values in, dictionaries out."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from coupon_core.domain.models import (
    CodeAlphabet,
    CodeFormat,
    Definition,
    IssuedCoupon,
    RewardItem,
    Trigger,
)
from coupon_core.domain.models.inventory import CodeJob
from coupon_core.domain.rules.redemption import coupon_status

Document = dict[str, Any]

TRIGGER_MEMBERS = {
    Trigger.STREAK_MILESTONE: ("streak_id", "milestone_threshold"),
    Trigger.ACHIEVEMENT_COMPLETED: ("achievement_id", None),
    Trigger.LEADERBOARD_RANK: ("leaderboard_id", "rank_threshold"),
}


def time_text(moment: datetime | None) -> str | None:
    """`YYYY-MM-DDTHH:MM:SSZ`, as all Phoenix times are written."""
    # Five times quicker than strftime, and a redeem writes six of them.
    return moment.isoformat()[:19] + "Z" if moment else None


def coupon(issued: IssuedCoupon, now: datetime) -> Document:
    """A coupon as the documents S0 and S1 print it."""
    held = issued.coupon
    return {
        "id": held.coupon_id,
        "definition_id": held.definition_id,
        "definition_name": issued.definition.name,
        "tenant_id": held.tenant_id,
        "user_id": held.user_id or None,
        "code": held.code,
        "status": coupon_status(issued, now).value,
        "generated_at": time_text(held.generated_at),
        "expires_at": time_text(issued.expires_at),
        "redeemed_at": time_text(held.redeemed_at),
        "redemption_count": held.redemption_count,
        "coupon_type": "reward",
        "reward_item": reward_item(issued.reward_item),
    }


def coupons(
    name: str, rows: Iterable[IssuedCoupon], total: int, now: datetime
) -> Document:
    """A list of coupons under `name`; `total` counts all matches."""
    return {name: [coupon(row, now) for row in rows], "total": total}


def code_job(job: CodeJob) -> Document:
    """Work on many codes, and how far it is."""
    return {
        "job_id": job.job_id,
        "kind": job.kind.value,
        "state": job.state.value,
        "definition_id": job.definition_id,
        "batch_id": job.batch_id,
        "user_id": job.user_id or None,
        "expires_at": time_text(job.expires_at),
        "by": job.actor or None,
        "total": job.total_count or None,
        "done": job.done_count,
        "skipped": job.skipped_count,
        "created_at": time_text(job.created_at),
        "updated_at": time_text(job.updated_at),
        "finished_at": time_text(job.finished_at),
    }


def reward_item(item: RewardItem) -> Document:
    """A reward item as it stands inside a coupon."""
    return {
        "item_id": item.item_id,
        "name": item.name,
        "description": item.description,
        "reward_type": item.reward_type,
        "payload": dict(item.payload),
    }


def whole_reward_item(item: RewardItem) -> Document:
    """A reward item as admins see it."""
    return {
        "item_id": item.item_id,
        "tenant_id": item.tenant_id,
        **reward_item(item),
        "created_at": time_text(item.created_at),
        "updated_at": time_text(item.updated_at),
    }


def definition(of: Definition) -> Document:
    """A definition as players see it: without its custom code, which is the prize."""
    config = definition_config(of)
    config.pop("custom_code", None)
    return _definition(of, config)


def whole_definition(of: Definition) -> Document:
    """A definition as admins see it."""
    return {
        **_definition(of, definition_config(of)),
        "created_at": time_text(of.created_at),
        "updated_at": time_text(of.updated_at),
    }


def _definition(of: Definition, config: Document) -> Document:
    return {
        "id": of.definition_id,
        "tenant_id": of.tenant_id,
        "name": of.name,
        "description": of.description,
        "config": config,
        "status": of.status.value,
    }


def definition_config(of: Definition) -> Document:
    """The `config` member of a definition; what was not set is not shown."""
    optional = {
        "starts_at": time_text(of.starts_at),
        "expires_at": time_text(of.expires_at),
        "auto_generate": _auto_generate(of),
    }
    return {
        "reward_item_id": of.reward_item_id,
        "code_format": of.code_format.value,
        **_code_config(of),
        "case_sensitive": of.case_sensitive,
        "usage_limit": usage_limit(of),
        **{name: value for name, value in optional.items() if value is not None},
    }


def _code_config(of: Definition) -> Document:
    if of.code_format == CodeFormat.CUSTOM:
        return {"custom_code": of.custom_code, "claimable": of.claimable}
    if of.code_format == CodeFormat.SHARED:
        return {"claimable": of.claimable}
    chosen = of.code_alphabet != CodeAlphabet.UNAMBIGUOUS
    alphabet = {"code_alphabet": of.code_alphabet.value} if chosen else {}
    check = {"code_check": True} if of.code_check else {}
    return {**_random_part(of), **alphabet, **check}


def _random_part(of: Definition) -> Document:
    if of.code_pattern:
        return {"code_pattern": of.code_pattern}
    prefix = {"code_prefix": of.code_prefix} if of.code_prefix else {}
    return {**prefix, "code_length": of.code_length}


def usage_limit(of: Definition) -> Document:
    """The limit in Phoenix's words: per user, over all users, or none."""
    if of.total_limit:
        return {"limit_type": "global", "max_uses": of.total_limit}
    if of.per_code_limit:
        return {"limit_type": "per_user", "max_uses": of.per_code_limit}
    return {"limit_type": "unlimited"}


def _auto_generate(of: Definition) -> Document | None:
    if of.trigger_kind is None:
        return None
    source, threshold = TRIGGER_MEMBERS[of.trigger_kind]
    config: Document = {source: of.trigger_source}
    if threshold:
        config[threshold] = of.trigger_threshold
    return {
        "enabled": of.trigger_enabled,
        "trigger": of.trigger_kind.value,
        "trigger_config": config,
    }
