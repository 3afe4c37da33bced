"""A query gateway whose process is killed after the commit of each new redeem."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from functools import cache
from typing import Any

from flask import Flask, Response, request

import query_gateway


@cache
def create_gateway() -> Flask:
    """Return the gateway; a repeated request is answered."""
    app = query_gateway.create_app()

    @app.after_request
    def die(response: Response) -> Response:
        is_new = "Idempotent-Replayed" not in response.headers
        if request.method == "POST" and response.status_code == 200 and is_new:
            os.kill(os.getpid(), signal.SIGKILL)
        return response

    return app


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer a request; gunicorn imports this before it forks, which saves seconds."""
    return create_gateway()(environ, start_response)
