"""The demo gateway for these tests: in the process, and behind a real gunicorn."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def app() -> Flask:
    """The demo gateway; its routes keep no state, so one is enough."""
    from tests.coupon_core.web.web_demo import create_app

    return create_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client inside the process."""
    return app.test_client()


@pytest.fixture(scope="session")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real gunicorn with threads, stopped at the end."""
    from tests.coupon_core.web.web_wire import free_port, is_open

    port = free_port()
    conf = tmp_path_factory.mktemp("web") / "conf.py"
    conf.write_text(
        "from coupon_core.web.gunicorn_errors import speak_json\nspeak_json()\n"
    )
    command = [sys.executable, "-m", "gunicorn", "--threads", "4"]
    command += ["-k", "coupon_core.web.gunicorn_worker.Worker"]
    command += [
        "-b",
        f"127.0.0.1:{port}",
        "-c",
        str(conf),
        "tests.coupon_core.web.web_demo:create_app()",
    ]
    process = subprocess.Popen(
        command, cwd=conf.parent, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    deadline = time.monotonic() + 20
    while not is_open(port):
        assert process.poll() is None, "gunicorn ended"
        assert time.monotonic() < deadline, "gunicorn did not start"
        time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)
