"""A query gateway that waits for Redis for as long as a busy machine may take.

In production a process counts by itself after a quarter of a second without an answer.
"""

from __future__ import annotations

from flask import Flask

import query_gateway
from coupon_core.security.rate_limiting import blocklist, counters
from tests.support.servers.process import SOON_SECONDS

APP = "tests.support.patient_gateway:create_app()"


def create_app() -> Flask:
    """Create the WSGI application, with settings from the environment."""
    counters.REDIS_TIMEOUT_SECONDS = blocklist.REDIS_TIMEOUT_SECONDS = SOON_SECONDS
    return query_gateway.create_app()
