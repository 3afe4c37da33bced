"""The checks of a database that is distributed over nodes."""

from admin_gateway.cli.doctor.findings import Finding, Findings
from coupon_core.persistence import distribution

# Tenants differ in size, so some skew is normal.
MAX_NODE_SKEW = 2.0


def check_nodes() -> Findings:
    """Show the nodes of a distributed database, and how evenly the data is spread."""
    if not distribution.is_distributed():
        return
    if unplaced := distribution.list_unplaced_tables():
        found = f"not distributed: {', '.join(unplaced)}"
        yield Finding("tables", "fail", found, "Run `couponctl db distribute`.")
    sizes = distribution.measure_nodes()
    average = sum(sizes.values()) / max(len(sizes), 1)
    skew = max(sizes.values(), default=0) / average if average else 1.0
    shares = ", ".join(f"{node} {size // 2**20} MiB" for node, size in sizes.items())
    found = f"{shares or 'none'}; the largest has {skew:.1f} times the average"
    if skew > MAX_NODE_SKEW:
        advice = (
            "Move shards: SELECT citus_rebalance_start(), or isolate a large tenant: "
            "isolate_tenant_to_new_shard."
        )
        yield Finding("nodes", "warn", found, advice)
    else:
        yield Finding("nodes", "ok", found)
