"""A gateway that is killed after each commit: the retry gets the first answer.

`make sdk-kills` does it 200 times with each kind of client.
"""

from __future__ import annotations

import dataclasses
from itertools import cycle
from pathlib import Path
from time import monotonic

import pytest

from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from coupons_sdk import Hmac, LogEntry, retries
from tests.factories.tenant import TenantFactory
from tests.sdk.clients import run_async, run_sync
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.servers.gunicorn import gateway_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True),
]
APP = "tests.sdk.dying_gateway:app"


def test_a_redeem_whose_answer_was_lost_is_answered_by_the_retry(
    core: Settings,
    tenant: TenantFactory,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.05)
    kills = request.config.getoption("sdk_kills")
    definition = tenant.define()
    codes = [tenant.issue_code(definition, "ann") for _ in range(2 * kills)]
    database.release_connection()
    two = dataclasses.replace(core, gateway_workers=2)
    entries: list[LogEntry] = []
    started_at = monotonic()
    with gateway_server(APP, two, tmp_path, "--preload") as gateway:
        coupons = [
            run(
                gateway.url,
                lambda client, code=code: client.redeem(code, "ann"),
                credential=Hmac(tenant.tenant_id, tenant.secret),
                log=entries.append,
                max_retries=5,
                timeout=30,
            )
            for run, code in zip(cycle([run_sync, run_async]), codes, strict=False)
        ]
    lost = [entry for entry in entries if entry.status is None]
    seconds = monotonic() - started_at
    print(f"{len(codes)} redeems, {len(lost)} answers lost, {seconds:.0f} s")
    assert [(coupon.code, coupon.redemption_count) for coupon in coupons] == [
        (code, 1) for code in codes
    ]
    assert len(lost) >= len(codes)
    condition = f"tenant_id = '{tenant.tenant_id}'"
    ((stored,),) = fetch_rows(f"SELECT count(*) FROM redemption WHERE {condition}")
    assert stored == len(codes)
    assert_invariants()
