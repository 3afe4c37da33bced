"""The data of `couponctl demo show`: addresses, credentials, commands to paste."""

import json
import shlex
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from admin_gateway.cli.demo import creator_campaign, credentials, points_offer
from admin_gateway.cli.demo.credentials import get_or_create_client_key
from admin_gateway.cli.demo.phoenix_definitions import (
    DEMO_TENANT_ID,
    DEMO_USER_ID,
    STREAK_DATA,
    WELCOME_DEFINITION_NAME,
)
from admin_gateway.cli.demo.samples import build_curl, choose_code
from admin_gateway.cli.server.addresses import get_gateways
from coupon_core.domain.models import CouponStatus, Page, utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.operators import Role
from coupon_core.services.access import tenants, tokens
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import administration, generation
from coupon_core.services.operators import links
from coupon_core.settings.loader import Settings

DEMO_OPERATOR = "owner@demo.example"
TOKEN_LIFETIME_SECONDS = 12 * 3_600


def build_document(settings: Settings) -> dict[str, Any]:
    """Build the document; generate an unused code if there is none.

    `code` and `curl` are None if no code can be generated, for example because the
    definition has been archived.

    Raises:
        Refused: there is no demo tenant.
    """
    now, url = utc_now(), get_gateways(settings)[1].url
    api_key = credentials.get_or_create_api_key(settings.data_dir, now)
    token = tokens.mint(
        DEMO_TENANT_ID, DEMO_USER_ID, lifetime_seconds=TOKEN_LIFETIME_SECONDS, now=now
    )
    # A link that makes somebody the owner of the demo tenant, once.
    _, link_token = links.invite(DEMO_TENANT_ID, DEMO_OPERATOR, Role.OWNER, now)
    code = _get_or_create_code(now)
    path = f"{url}/v1/coupons/{DEMO_TENANT_ID}"
    user = {"user_id": DEMO_USER_ID}
    curl = {
        "validate": build_curl(f"{path}/validate/{code}", token),
        "redeem": build_curl(f"{path}/redeem/{code}", token, user),
    }
    return {
        **gateway_addresses(settings),
        "console": links.build_url(settings.console_url, link_token),
        "tenant_id": DEMO_TENANT_ID,
        "tenant_secret": tenants.list_secrets(DEMO_TENANT_ID)[0].secret,
        **api_key,
        "user_id": DEMO_USER_ID,
        "token": token,
        "code": code,
        "curl": curl if code else None,
        **_build_event_lines(now),
        **_build_playcamp_lines(url, now),
        "mambo": points_offer.build_document(url, now),
    }


def _build_playcamp_lines(url: str, now: datetime) -> dict[str, str | None]:
    """Build the server key and a command that redeems a creator's code with it."""
    server_key = ":".join(get_or_create_client_key(ClientKeyKind.PLAYCAMP_SERVER, now))
    code = creator_campaign.get_or_create_code(now)
    body = {"couponCode": code, "userId": DEMO_USER_ID}
    line = build_curl(f"{url}/v1/server/coupons/redeem", server_key, body)
    return {
        "playcamp_key": server_key,
        "playcamp_code": code,
        "playcamp_curl": line if code else None,
    }


def gateway_addresses(settings: Settings) -> dict[str, str]:
    """Return the URLs of both gateways and of their documentation."""
    admin, query = get_gateways(settings)
    return {
        "admin_url": admin.url,
        "admin_docs": f"{admin.url}/docs",
        "query_url": query.url,
        "query_docs": f"{query.url}/docs",
    }


def _get_or_create_code(now: datetime) -> str | None:
    rows, _ = definitions.list_definitions(
        DEMO_TENANT_ID, Page(), name=WELCOME_DEFINITION_NAME
    )
    ids = [row.definition_id for row in rows if row.name == WELCOME_DEFINITION_NAME]

    def list_codes() -> Iterator[str]:
        for definition_id in ids:
            held = CouponFilter(definition_id, DEMO_USER_ID, status=CouponStatus.ACTIVE)
            rows, _ = administration.list_coupons(
                DEMO_TENANT_ID, held, page=Page(), now=now
            )
            yield from (row.coupon.code for row in rows)

    def create_codes() -> Iterator[str]:
        for definition_id in ids:
            result = generation.generate(
                DEMO_TENANT_ID, definition_id, user_ids=[DEMO_USER_ID], now=now
            )
            yield result.coupons[0].coupon.code

    return choose_code(list_codes, create_codes, now)


def _build_event_lines(now: datetime) -> dict[str, str]:
    """Build a command that earns a coupon, with a new run ID each time, and a list."""
    data = json.dumps({**STREAK_DATA, "run_id": f"{now:%Y%m%dT%H%M%S}"})
    program, owner = (
        couponctl_path(),
        f"--tenant {DEMO_TENANT_ID} --user {DEMO_USER_ID}",
    )
    publish = f"event publish streak.milestone_reached {owner} --data"
    return {
        "publish": shlex.join([program, *publish.split(), data]),
        "see": f"{shlex.quote(program)} coupon list {owner} --status active",
    }


def couponctl_path() -> str:
    """Return the path of couponctl, relative if it is below the current directory."""
    path = Path(sys.executable).with_name("couponctl")
    directory = Path.cwd()
    return str(path.relative_to(directory) if path.is_relative_to(directory) else path)
