"""A gateway that is killed after each commit: the retry gets the first answer.

`make sdk-kills` does it 200 times with each SDK.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from time import monotonic

import pytest

from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from coupons_sdk import Hmac, LogEntry, retries
from tests.factories.tenant import TenantFactory
from tests.sdk.clients import run_async, run_sync
from tests.sdk.typescript.npm import build_sdk, run_script
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.servers.gunicorn import gateway_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True),
]
APP = "tests.sdk.dying_gateway:app"
# What redeems codes and returns the code and the number of uses of each answer, and how
# many answers did not arrive.
Outcome = tuple[list[list[object]], int]
RedeemAll = Callable[[str, TenantFactory, Sequence[str]], Outcome]


def redeem_in_python(url: str, tenant: TenantFactory, codes: Sequence[str]) -> Outcome:
    """Redeem with the synchronous and the asynchronous client in turns."""
    entries: list[LogEntry] = []
    coupons = [
        run(
            url,
            lambda client, code=code: client.redeem(code, "ann"),
            credential=Hmac(tenant.tenant_id, tenant.secret),
            log=entries.append,
            max_retries=5,
            timeout=30,
        )
        for run, code in zip(cycle([run_sync, run_async]), codes, strict=False)
    ]
    answers = [[coupon.code, coupon.redemption_count] for coupon in coupons]
    return answers, len([entry for entry in entries if entry.status is None])


def redeem_in_typescript(
    url: str, tenant: TenantFactory, codes: Sequence[str]
) -> Outcome:
    """Redeem with the TypeScript SDK."""
    environment = {
        "QUERY_URL": url,
        "TENANT_ID": tenant.tenant_id,
        "TENANT_SECRET": tenant.secret,
    }
    printed = run_script("redeem_codes.mjs", text=json.dumps(codes), **environment)
    result = json.loads(printed)
    return result["answers"], result["lost"]


@pytest.mark.parametrize(
    "redeem_all",
    [redeem_in_python, redeem_in_typescript],
    ids=["python", "typescript"],
)
def test_a_redeem_whose_answer_was_lost_is_answered_by_the_retry(
    redeem_all: RedeemAll,
    core: Settings,
    tenant: TenantFactory,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if redeem_all is redeem_in_typescript:
        build_sdk()
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.05)
    definition = tenant.define()
    kills = request.config.getoption("sdk_kills")
    codes = [tenant.issue_code(definition, "ann") for _ in range(kills)]
    database.release_connection()
    two = dataclasses.replace(core, gateway_workers=2)
    started_at = monotonic()
    with gateway_server(APP, two, tmp_path, "--preload") as gateway:
        answers, lost = redeem_all(gateway.url, tenant, codes)
    seconds = monotonic() - started_at
    print(f"{len(codes)} redeems, {lost} answers lost, {seconds:.0f} s")
    assert answers == [[code, 1] for code in codes]
    assert lost >= len(codes)
    condition = f"tenant_id = '{tenant.tenant_id}'"
    ((stored,),) = fetch_rows(f"SELECT count(*) FROM redemption WHERE {condition}")
    assert stored == len(codes)
    assert_invariants()
