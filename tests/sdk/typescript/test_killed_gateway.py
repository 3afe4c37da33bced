"""A gateway that is killed after each commit: the SDK's retry gets the first answer.

`make sdk-kills-typescript` does it 200 times.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from time import monotonic

import pytest

from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory
from tests.sdk.typescript.npm import run_script
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.servers.gunicorn import gateway_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("built_sdk"),
    pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True),
]
APP = "tests.sdk.dying_gateway:app"
KILLS = int(os.environ.get("SDK_KILLS", "3"))


def test_a_redeem_whose_answer_was_lost_is_answered_by_the_retry(
    core: Settings, tenant: TenantFactory, tmp_path: Path
) -> None:
    definition = tenant.define()
    codes = [tenant.issue_code(definition, "ann") for _ in range(KILLS)]
    database.release_connection()
    two = dataclasses.replace(core, gateway_workers=2)
    with gateway_server(APP, two, tmp_path, "--preload") as gateway:
        environment = {
            "QUERY_URL": gateway.url,
            "TENANT_ID": tenant.tenant_id,
            "TENANT_SECRET": tenant.secret,
        }
        started_at = monotonic()
        printed = run_script("redeem_codes.mjs", text=json.dumps(codes), **environment)
    seconds = monotonic() - started_at
    result = json.loads(printed)
    print(f"{KILLS} redeems, {result['lost']} answers lost, {seconds:.0f} s")
    assert result["answers"] == [[code, 1] for code in codes]
    assert result["lost"] >= KILLS
    condition = f"tenant_id = '{tenant.tenant_id}'"
    ((stored,),) = fetch_rows(f"SELECT count(*) FROM redemption WHERE {condition}")
    assert stored == KILLS
    assert_invariants()
