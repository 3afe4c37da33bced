"""Tests that the admin gateway answers 503 while its database is unavailable."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.support.admin_client import started_admin_gateway
from tests.support.ports import find_free_port


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    """Return a client of a gateway whose database is unavailable."""
    url = f"postgresql://nobody@127.0.0.1:{find_free_port()}/nothing"
    with started_admin_gateway(url) as app:
        yield app.test_client()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_request_is_put_off(client: FlaskClient, method: str) -> None:
    headers = {"X-API-Key": "pk_some"}
    answer = client.open("/v1/reward-items", method=method, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (503, "UNAVAILABLE")
    assert answer.headers["Retry-After"] == "1"


def test_it_lives_but_is_not_ready(client: FlaskClient) -> None:
    assert client.get("/health").status_code == 200
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json["database"] == "unavailable"
