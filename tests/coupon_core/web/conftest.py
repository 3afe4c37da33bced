"""Fixtures: the demo gateway in process and behind a real gunicorn."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.paths import PROJECT_ROOT


@pytest.fixture(scope="session")
def app() -> Flask:
    """Return the demo gateway; its routes keep no state, so one is enough."""
    from tests.coupon_core.web.demo_app import create_app

    return create_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a test client of the demo gateway."""
    return app.test_client()


@pytest.fixture(scope="session")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start gunicorn with threads, yield its port, and stop it at the end."""
    from tests.coupon_core.web.wire_client import find_free_port, is_port_open

    port = find_free_port()
    home = tmp_path_factory.mktemp("web")
    command = [sys.executable, "-m", "gunicorn", "--threads", "4"]
    command += ["-k", "coupon_core.web.gunicorn_worker.HttpWorker"]
    command += ["-b", f"127.0.0.1:{port}"]
    command += ["tests.coupon_core.web.demo_app:create_app()"]
    process = subprocess.Popen(
        command, cwd=home, env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    )
    deadline = time.monotonic() + 20
    while not is_port_open(port):
        assert process.poll() is None, "gunicorn ended"
        assert time.monotonic() < deadline, "gunicorn did not start"
        time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)
