"""What clients are made of: options, pages, transports, imports and types."""

from __future__ import annotations

import inspect
import pydoc
import subprocess
import sys
from itertools import count
from typing import Any

import httpx2
import pytest

from coupons_sdk import (
    ApiKey,
    AsyncCoupons,
    ConfigurationError,
    CouponsAdmin,
    Hmac,
    WaitTimeout,
)
from coupons_sdk.admin import batches
from tests.sdk.clients import (
    BOTH_ADMIN,
    COUPON,
    Run,
    run_sync,
)
from tests.sdk.scripted_server import answer, scripted_server
from tests.support.admin_client import create_admin_client, started_admin_gateway
from tests.support.paths import PROJECT_ROOT

SDK = PROJECT_ROOT / "sdk" / "python"
BATCH = {
    **{"batch_id": "b1", "tenant_id": "acme", "definition_id": "d1", "kind": "count"},
    **{"requested": 9, "rate_per_second": None, "eta_seconds": None, "error": None},
    **{"expires_at": None, "created_at": "2026-05-04T12:00:00Z", "metadata": {}},
    **{"started_at": None, "updated_at": "2026-05-04T12:00:00Z", "finished_at": None},
    "suspended_at": None,
}


def build_state(state: str, generated: int) -> Any:
    return answer(200, {**BATCH, "state": state, "generated": generated})


@BOTH_ADMIN
def test_wait_reports_progress_until_the_end(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "FIRST_POLL_SECONDS", 0.0)
    seen: list[int] = []
    states = [build_state("pending", 0), build_state("running", 5)]
    with scripted_server(*states, build_state("completed", 9)) as server:
        batch = run(
            server.url,
            lambda client: client.batches.wait(
                "b1", progress=lambda current: seen.append(current.generated)
            ),
        )
    assert (batch.state, seen) == ("completed", [0, 5, 9])


@BOTH_ADMIN
def test_wait_ends_with_its_timeout(run: Run) -> None:
    with (
        scripted_server(build_state("running", 5)) as server,
        pytest.raises(WaitTimeout, match="Batch b1 is still running"),
    ):
        run(server.url, lambda client: client.batches.wait("b1", timeout=0.1))


def build_page(*codes: str, **more: Any) -> Any:
    return answer(
        200, {"coupons": [{**COUPON, "code": code} for code in codes], **more}
    )


def test_pages_continue_by_offset() -> None:
    pages = build_page("A", "B", total=3), build_page("C", total=3)
    with scripted_server(*pages) as server:
        found = run_sync(
            server.url,
            lambda client: [coupon.code for coupon in client.list("ann", limit=2)],
        )
    targets = [request.target.partition("?")[2] for request in server.received]
    assert (found, targets) == (["A", "B", "C"], ["limit=2", "limit=2&offset=2"])


def test_a_list_that_shrinks_while_it_is_read_ends() -> None:
    with scripted_server(build_page("A", total=3), build_page(total=3)) as server:
        found = run_sync(server.url, lambda client: list(client.list("ann")))
    assert len(found) == 1


def test_any_page_can_be_requested() -> None:
    with scripted_server(build_page("C", total=3, colour="red")) as server:
        page = run_sync(server.url, lambda client: client.list("ann").page(offset=2))
    assert server.received[0].target.endswith("?offset=2")
    assert (page.total, page.unknown) == (3, {"colour": "red"})


def test_options_apply_to_the_copy_and_share_connections() -> None:
    with CouponsAdmin("http://127.0.0.1:1", None, tenant_id="acme") as client:
        patient = client.with_options(timeout=60, max_retries=5)
        options = client._runner.options, patient.rewards._runner.options
        assert [item.timeout for item in options] == [10.0, 60]
        assert [item.max_retries for item in options] == [2, 5]
        assert client._runner._http is patient._runner._http
        with pytest.raises(ConfigurationError):
            client.with_options(timeout=-1)


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_a_wsgi_transport_calls_the_gateway_in_this_process(
    database_url: str,
) -> None:
    with started_admin_gateway(database_url) as app:
        key = ApiKey(create_admin_client(app).plain_key)
        with CouponsAdmin(
            "http://local", key, tenant_id="acme", transport=httpx2.WSGITransport(app)
        ) as client:
            reward = client.rewards.create("Gems", "gem", payload={"amount": 3})
            assert client.rewards.get(reward.item_id) == reward


def test_requests_have_no_side_effects_on_each_other() -> None:
    numbers = count()
    with scripted_server(answer(200, COUPON)) as server:
        for _ in range(3):
            run_sync(
                server.url, lambda client: client.redeem(f"C{next(numbers)}", "ann")
            )
    keys = {request.headers["idempotency-key"] for request in server.received}
    assert len(keys) == 3


def test_the_package_is_imported_without_httpx2() -> None:
    program = "import coupons_sdk, sys; print('httpx2' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_every_name_of_the_package_can_be_imported() -> None:
    import coupons_sdk

    for name in coupons_sdk.__all__:
        assert getattr(coupons_sdk, name)
    with pytest.raises(AttributeError, match="no attribute 'Coupon5'"):
        _ = coupons_sdk.Coupon5


def test_methods_have_their_documentation_and_signature() -> None:
    client = AsyncCoupons("http://127.0.0.1:1", Hmac("acme", "secret"))
    for method in client.redeem, AsyncCoupons.redeem:
        assert method.__name__ == "redeem"
        assert "reference" in inspect.signature(method).parameters
        assert "Redeem a code, and return the coupon" in pydoc.render_doc(method)
