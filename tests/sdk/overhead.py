"""`make sdk-bench`: the client CPU of redeems through both SDKs, and by hand.

Beside each SDK stands the bare client that it uses, httpx2 or fetch. All of them sign
each request and send an Idempotency-Key, in turns of some hundred calls, to one
gateway.
"""

from __future__ import annotations

import argparse
import hmac
import json
import secrets
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx2

from coupon_core.persistence import database
from coupons_sdk import Coupons, Hmac
from tests.chaos.environments import running_environment
from tests.factories.tenant import TenantFactory, create_tenant
from tests.sdk.typescript.npm import HERE, build_environment, build_sdk
from tests.support.servers.node import node_wheel

CALLS_PER_TURN = 500  # as in typescript/overhead.mjs
USER_ID = "ann"
Redeem = Callable[[], object]


def main() -> None:
    """Print the CPU time per call of each, and the median ratios of all turns."""
    parser = argparse.ArgumentParser(prog="make sdk-bench", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    turns = parser.parse_args().calls // CALLS_PER_TURN
    build_sdk()
    with (
        tempfile.TemporaryDirectory() as home,
        running_environment("sqlite", Path(home)) as environment,
    ):
        tenant = create_tenant(now=None)
        code = tenant.issue_code(tenant.define(per_code_limit=0), USER_ID)
        database.release_connection()
        url = environment.gateway.url
        measure_python(url, tenant, code, turns)
        variables = {
            "QUERY_URL": url,
            "TENANT_ID": tenant.tenant_id,
            "TENANT_SECRET": tenant.secret,
            "CODE": code,
            "TURNS": str(turns),
        }
        command = [node_wheel(), HERE / "overhead.mjs"]
        subprocess.run(command, env=build_environment(variables), check=True)


def measure_python(url: str, tenant: TenantFactory, code: str, turns: int) -> None:
    """Print the figures of the Python SDK."""
    with (
        Coupons(url, Hmac(tenant.tenant_id, tenant.secret)) as sdk,
        httpx2.Client(base_url=url) as bare,
    ):
        through_sdk = partial(sdk.redeem, code, USER_ID)
        by_hand = build_bare_redeem(bare, tenant, code)
        measure(by_hand, 50)
        measure(through_sdk, 50)
        pairs = [(measure(by_hand), measure(through_sdk)) for _ in range(turns)]
    ratio = statistics.median(sdk / bare for bare, sdk in pairs)
    bare_cpu, sdk_cpu = (statistics.median(item) for item in zip(*pairs, strict=True))
    print(f"{turns * CALLS_PER_TURN} redeems each")
    print(f"httpx2 {bare_cpu:6.0f} µs of CPU per call")
    print(f"SDK    {sdk_cpu:6.0f} µs of CPU per call, {ratio - 1:+.1%}")


def build_bare_redeem(
    client: httpx2.Client, tenant: TenantFactory, code: str
) -> Redeem:
    """Return a redeem as an integrator writes it by hand."""
    path = f"/v1/coupons/{tenant.tenant_id}/redeem/{code}"

    def redeem() -> object:
        body = json.dumps({"user_id": USER_ID}).encode()
        timestamp = str(int(time.time()))
        signed = f"POST\n{path}\n{timestamp}\n".encode() + body
        signature = hmac.new(tenant.secret.encode(), signed, "sha256").hexdigest()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": secrets.token_hex(16),
            "X-Tenant-Id": tenant.tenant_id,
            "X-Timestamp": timestamp,
            "X-Signature": f"hmac-sha256={signature}",
        }
        answer = client.post(path, content=body, headers=headers)
        answer.raise_for_status()
        return answer.json()

    return redeem


def measure(redeem: Redeem, calls: int = CALLS_PER_TURN) -> float:
    """Return the microseconds of CPU per call."""
    started_at = time.process_time()
    for _ in range(calls):
        redeem()
    return (time.process_time() - started_at) / calls * 1e6


if __name__ == "__main__":
    main()
