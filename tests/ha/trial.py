"""One trial: load, a kill, and what was lost, doubled or late."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass

from coupon_core.domain.models import utc_now
from coupon_core.services.access import tokens
from tests.chaos.delivering import count_pending_events
from tests.chaos.faults import list_invariant_violations, wait_for_database
from tests.factories.tenant import TenantFactory, create_tenant
from tests.ha.cluster import Cluster
from tests.ha.event_listener import EventListener
from tests.ha.kills import HEAL_TIMEOUT_SECONDS, Kill, Situation
from tests.ha.load import REPEATED_STATUSES, Call, Load, running_load
from tests.support.invariants import fetch_rows
from tests.support.servers.process import wait_until

HEALTHY_SECONDS = 2.0
PLAYER_COUNT = 4
CODES_PER_PLAYER = 1_250


@dataclass(frozen=True)
class Result:
    """The row of a trial in the table."""

    victim: str
    run: int
    requests: int
    failures: dict[str, int]
    acknowledged: int
    lost: int
    doubled: int
    missing_events: int
    seconds: float
    violations: list[str]


def run_trial(
    cluster: Cluster, listener: EventListener, kill: Kill, run: int
) -> Result:
    """Send requests, kill, wait until it works again, repair, and count."""
    tenant = create_tenant(now=None)
    calls = [*list_redeem_calls(cluster, tenant), list_generate_calls(cluster, tenant)]
    with running_load(*calls) as load:
        situation = Situation(cluster, load, listener, run)
        time.sleep(HEALTHY_SECONDS)
        kill.strike(situation)
        wait_until(lambda: kill.is_served(situation), HEAL_TIMEOUT_SECONDS, "an answer")
        time.sleep(HEALTHY_SECONDS)
        seconds = max(
            load.seconds_of_failures(situation.killed_at), situation.seconds_of_probe
        )
        situation.heal()
        time.sleep(HEALTHY_SECONDS)
    wait_for_database()
    wait_until(lambda: not count_pending_events(), 60, "an empty outbox")
    redeemed = load.acknowledged() & count_uses(tenant).keys()
    time.sleep(HEALTHY_SECONDS)
    missing = redeemed - listener.counts.keys()
    return build_result(kill, run, load, tenant, seconds, len(missing))


def list_redeem_calls(cluster: Cluster, tenant: TenantFactory) -> list[Iterator[Call]]:
    """Return the redeems of each player; a code that is used twice would show it."""
    definition = tenant.define(per_code_limit=1_000)
    token = tokens.mint(tenant.tenant_id, None, 3_600, utc_now())
    coupons = [
        issued.coupon
        for at in range(0, PLAYER_COUNT * CODES_PER_PLAYER, 1_000)
        for issued in tenant.generate(
            definition, [f"user-{number}" for number in range(at, at + 1_000)]
        )
    ]
    calls = [
        Call(
            coupon.coupon_id,
            f"{cluster.urls['query']}/v1/coupons/redeem/{coupon.code}",
            {"user_id": coupon.user_id},
            {
                "Authorization": f"Bearer {token}",
                "Idempotency-Key": coupon.coupon_id,
            },
        )
        for coupon in coupons
    ]
    return [iter(calls[player::PLAYER_COUNT]) for player in range(PLAYER_COUNT)]


def list_generate_calls(cluster: Cluster, tenant: TenantFactory) -> Iterator[Call]:
    """Return requests to the admin gateway that give one coupon to one user each."""
    definition_id = tenant.define().definition_id
    path = f"/v1/tenants/{tenant.tenant_id}/coupons/{definition_id}/generate"
    return (
        Call(
            user_id,
            cluster.urls["admin"] + path,
            {"user_ids": [user_id]},
            {"X-API-Key": tenant.api_key, "Idempotency-Key": user_id},
        )
        for user_id in map("winner-{}".format, itertools.count())
    )


def count_uses(tenant: TenantFactory) -> dict[str, int]:
    """Return the number of uses by coupon."""
    sql = f"""SELECT coupon_id, count(*) FROM redemption
        WHERE tenant_id = '{tenant.tenant_id}' GROUP BY coupon_id"""
    return {str(coupon_id): int(count) for coupon_id, count in fetch_rows(sql)}


def count_winners(tenant: TenantFactory) -> dict[str, int]:
    """Return the number of coupons by user of the admin gateway's load."""
    sql = f"""SELECT user_id, count(*) FROM coupon
        WHERE tenant_id = '{tenant.tenant_id}' AND substr(user_id, 1, 7) = 'winner-'
        GROUP BY user_id"""
    return {user_id: int(count) for user_id, count in fetch_rows(sql)}


def build_result(
    kill: Kill,
    run: int,
    load: Load,
    tenant: TenantFactory,
    seconds: float,
    missing_events: int,
) -> Result:
    """Compare what was acknowledged with what is stored."""
    stored = {**count_uses(tenant), **count_winners(tenant)}
    acknowledged = load.acknowledged()
    failures = load.failures()
    lost = acknowledged - stored.keys()
    doubled = [subject for subject, count in stored.items() if count > 1]
    rules = {
        f"{len(lost)} acknowledged requests are not stored": lost,
        f"{len(doubled)} requests had two effects": doubled,
        f"{missing_events} events were not delivered": missing_events,
        f"unexpected answers {set(failures) - REPEATED_STATUSES}": (
            set(failures) - REPEATED_STATUSES
        ),
        f"served again only after {seconds:.1f} s": seconds > kill.max_seconds,
        "a 503 without Retry-After": any(
            each.status == 503 and not each.has_retry_after for each in load.attempts
        ),
    }
    return Result(
        kill.victim,
        run,
        requests=len(load.attempts),
        failures={str(status): count for status, count in failures.items()},
        acknowledged=len(acknowledged),
        lost=len(lost),
        doubled=len(doubled),
        missing_events=missing_events,
        seconds=seconds,
        violations=[
            *(text for text, found in rules.items() if found),
            *list_invariant_violations(),
        ],
    )
