"""Fixtures: the demo gateway in process and behind a real gunicorn."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.paths import PROJECT_ROOT
from tests.support.ports import find_free_port, is_port_open
from tests.support.servers.process import wait_until


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
    port = find_free_port()
    home = tmp_path_factory.mktemp("web")
    command = [sys.executable, "-m", "gunicorn", "--threads", "4"]
    command += ["-k", "coupon_core.web.gunicorn_worker.HttpWorker"]
    command += ["-b", f"127.0.0.1:{port}", "--no-control-socket"]
    command += ["tests.coupon_core.web.demo_app:create_app()"]
    process = subprocess.Popen(
        command, cwd=home, env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    )
    try:
        wait_until(lambda: is_port_open(port) or process.poll(), 60, "gunicorn")
        assert process.poll() is None, "gunicorn ended"
        yield port
    finally:
        process.terminate()
        process.wait(60)
