"""A gateway stores its attempts, and withdraws its announcement, before it ends."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.persistence import running_processes
from coupon_core.services.insight import attempts
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory
from tests.support.servers.gunicorn import Gateway, gateway_server

MAX_STOP_SECONDS = 25.0  # a gateway that does not end by itself is killed after 30


@pytest.mark.slow
def test_attempts_are_stored_when_a_gateway_ends(
    tenant: TenantFactory, settings: Settings, tmp_path: Path
) -> None:
    definition = tenant.define()
    code = tenant.issue_code(definition)
    tenant.revoke(code)
    with gateway_server("query_gateway", settings, tmp_path) as gateway:
        assert redeem(gateway, tenant, code) == 400
        (process,) = running_processes.list_running(utc_now())
        assert process.program == "gateway"
        started_at = time.monotonic()
    assert time.monotonic() - started_at < MAX_STOP_SECONDS
    assert running_processes.list_running(utc_now()) == []
    (found,), _ = attempts.list_attempts(tenant.tenant_id)
    assert found.definition_id == definition.definition_id
    assert code not in gateway.process.log.read_text()


def redeem(gateway: Gateway, tenant: TenantFactory, code: str) -> int:
    connection = HTTPConnection(gateway.host, gateway.port, timeout=60)
    path = f"/v1/coupons/redeem/{code}"
    body = json.dumps({"user_id": "ann"})
    headers = {"Connection": "close", "Content-Type": "application/json"}
    headers |= tenant.build_bearer_headers("ann")
    connection.request("POST", path, body, headers)
    try:
        return connection.getresponse().status
    finally:
        connection.close()
