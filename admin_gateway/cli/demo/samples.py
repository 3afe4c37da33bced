"""Codes that the demo user can redeem, and commands to paste."""

import json
import shlex
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import chain
from typing import Any

from admin_gateway.cli.demo.phoenix_definitions import DEMO_TENANT_ID, DEMO_USER_ID
from coupon_core.domain.models import Refused
from coupon_core.services.coupons import validation


def choose_code(
    list_codes: Callable[[], Iterable[str]],
    create_codes: Callable[[], Iterable[str]],
    now: datetime,
) -> str | None:
    """Return a code that the demo user can redeem, or None; create one if needed."""
    candidates = (codes() for codes in (list_codes, create_codes))
    try:
        return next(
            (
                code
                for code in chain.from_iterable(candidates)
                if validation.validate(
                    DEMO_TENANT_ID, code, user_id=DEMO_USER_ID, now=now
                ).decision.is_allowed
            ),
            None,
        )
    except Refused:  # for example, its definition is archived
        return None


def build_curl(url: str, credential: str, body: dict[str, Any] | None = None) -> str:
    """Build a command line that sends a GET, or a POST with a body."""
    headers = ["-H", f"Authorization: Bearer {credential}"]
    if body is None:
        return shlex.join(["curl", "-sS", *headers, url])
    post = ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return shlex.join(["curl", "-sS", *headers, *post, url])
