"""`couponctl retention`: how long data is kept, and what is past that time."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import rich_click as click

from admin_gateway.cli.confirmation import confirm, confirmation_options
from admin_gateway.cli.options import tenant_filter_option
from admin_gateway.cli.output import json_command
from coupon_core.domain.models import utc_now
from coupon_core.services.access import tenants
from coupon_core.services.coupons.expiry import iterate_tenant_ids
from coupon_core.services.privacy import retention as retention_service


@click.group()
def retention() -> None:
    """Retention of data: show, prune."""


@retention.command()
@tenant_filter_option
@json_command()
def show(tenant_id: str | None) -> dict[str, Any]:
    """Show for how many days data is kept, and how many rows are past that time.

    0 days means without a limit. Change the days with the settings COUPON_KEEP_….

    Example: `couponctl retention show --json`
    """
    days = dict(retention_service.get_kept_days())
    return {"days": days, "past_retention": _count_prunable(tenant_id)}


@retention.command()
@tenant_filter_option
@confirmation_options
@json_command()
def prune(tenant_id: str | None, yes: bool, dry_run: bool) -> dict[str, Any]:
    """Delete now what is past its retention; the workers do it every night.

    Example: `couponctl retention prune --dry-run`
    """
    counts, now = _count_prunable(tenant_id), utc_now()
    if dry_run:
        return {"dry_run": True, "rows": counts}
    confirm(f"Delete {sum(counts.values()):,} rows? This cannot be undone.", yes)
    deleted: Counter[str] = Counter(dict.fromkeys(counts, 0))
    for each_id in _list_tenant_ids(tenant_id):
        deleted.update(retention_service.prune(each_id, now, lambda: False))
    return {"rows": dict(deleted)}


def _count_prunable(tenant_id: str | None) -> dict[str, int]:
    days, now = retention_service.get_kept_days(), utc_now()
    counts = Counter({kind: 0 for kind in days if days[kind]})
    for each_id in _list_tenant_ids(tenant_id):
        counts.update(retention_service.count_prunable(each_id, now))
    return dict(counts)


def _list_tenant_ids(tenant_id: str | None) -> Iterable[str]:
    if tenant_id is None:
        return iterate_tenant_ids()
    tenants.require(tenant_id)
    return [tenant_id]
