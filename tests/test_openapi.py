"""Both gateways answer as their OpenAPI documents say, whatever they are sent.

schemathesis runs as a program against gunicorn, with good data and with bad. It does
the same in every run; `--openapi-examples 500` looks longer and anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from coupon_core import bootstrap
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.domain.models.offers import UsageMode
from coupon_core.persistence import database
from coupon_core.security import authentication
from coupon_core.services.access import client_keys, tenants
from coupon_core.settings.loader import Settings
from tests.factories.campaigns import CampaignFactory
from tests.factories.offers import OfferFactory
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.database_rows import read_all_rows
from tests.support.invariants import assert_invariants
from tests.support.paths import PROJECT_ROOT
from tests.support.servers.gunicorn import gateway_server
from tests.support.settings import build_settings

# On the stricter of the two databases: it takes neither NUL nor an odd UUID.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True),
]

# Half of the time what there is, so that more is seen than refusals.
KNOWN = {
    "path.code": "codes",
    "path.user_id": "users",
    "body.user_id": "users",
    "path.coupon_id": "coupons",
    "path.definition_id": "definitions",
    "path.item_id": "rewards",
    "path.uuid": "users",
    "body.uuid": "users",
    "body.attrs.code": "codes",
    "body.code": "codes",
    "body.couponCode": "codes",
    "body.userId": "users",
    "path.campaign_id": "campaigns",
    "path.creator_key": "creators",
}
MAMBO = "^/(api|oauth)/"
PLAYCAMP = "^/v1/(server|client)/"
STOCK = "/(coupons|codes|batches)"
# The same handlers once more, under paths that others know them by.
ALIASES = "^/v1/(coupons|reward-items|events)|/reward-items"
# In two parts of about the same length, so that they may run side by side.
ADMIN = {
    "stock": ("--include-path-regex", STOCK, "--exclude-path-regex", ALIASES),
    "the rest": ("--exclude-path-regex", f"{STOCK}|{ALIASES}"),
}
PHASES = "examples,coverage,fuzzing"
EXAMPLES = 5  # of random requests a route, besides those that cover each rule


@pytest.fixture
def settings(database_url: str) -> Iterator[Settings]:
    settings = build_settings(database_url)
    bootstrap.start(settings)
    yield settings
    database.close_database()


@dataclass
class Stock:
    """What is there to be found."""

    tenant: TenantFactory
    api_key: str
    known: dict[str, list[str]]


@pytest.fixture
def stock(settings: Settings) -> Stock:
    tenant = create_tenant(tenant_id="acme", now=None)
    everything = None, "acme", "all", tenants.ALL_SCOPES, None
    _, api_key = tenants.create_key(*everything, utc_now())
    definitions = [tenant.define(per_code_limit=0) for _ in range(3)]
    shared = tenant.define_custom("OPEN2025", claimable=True, per_code_limit=0)
    coupons = [
        tenant.issue_coupon(one, user).coupon for one in definitions for user in "ab"
    ]
    known = {
        "codes": ["OPEN2025", *(one.code for one in coupons)],
        "users": ["a", "b"],
        "coupons": [one.coupon_id for one in coupons],
        "definitions": [one.definition_id for one in (*definitions, shared)],
        "rewards": [tenant.reward_item_id],
        "campaigns": ["campaign_001"],
        "creators": ["ABC12"],
    }
    database.release_connection()
    return Stock(tenant, api_key, known)


def config(stock: Stock, credential: str) -> str:
    """schemathesis.toml."""
    lines = ['hooks = "tests.support.openapi_hooks"']
    lines += ["[auth.openapi]", credential, "[dictionaries]"]
    lines += [f"{k} = {{ values = {json.dumps(v)} }}" for k, v in stock.known.items()]
    lines += ["[parameters]", f'"path.tenant_id" = "{stock.tenant.tenant_id}"']
    lines += [f'"path.site" = "{stock.tenant.tenant_id}"']
    lines += [
        f'"{place}" = {{ dictionary = "{name}", probability = 0.5 }}'
        for place, name in KNOWN.items()
    ]
    return "\n".join(lines) + "\n"


# Checks that the admin gateway cannot pass, and why not.
UNFIT = [
    # Rules that span members (user_ids or count, max_uses unless unlimited, an end
    # after the start, a reward item that is there) are told in words, not in schemas.
    "positive_data_acceptance",
    # …/coupons/revoke also is where the coupon of the id "revoke" would be, so Allow
    # names the methods of both.
    "allow_header_conformance",
]


def assert_conforms(
    url: str,
    credential: str,
    stock: Stock,
    directory: Path,
    examples: int | None,
    unfit: Sequence[str] = (),
    paths: Sequence[str] = (),
) -> None:
    """Run schemathesis and show what it found."""
    (directory / "schemathesis.toml").write_text(config(stock, credential))
    often = ["--max-examples", str(examples or EXAMPLES)]
    anew = ["--generation-database", "none"]
    left_out = ["--exclude-checks", ",".join(unfit)] if unfit else []
    same = anew if examples else ["--generation-deterministic", "--seed", "1"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"),
            *("--phases", PHASES, "--no-color"),
            *(*often, *same, *left_out, *paths),
        ],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_query_gateway_answers_as_its_document_says(
    settings: Settings, stock: Stock, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    examples = pytestconfig.getoption("openapi_examples")
    credential = f'tenantToken = {{ bearer = "{stock.tenant.mint_token()}" }}'
    with gateway_server("query_gateway", settings, tmp_path) as gateway:
        assert_conforms(
            gateway.url,
            credential,
            stock,
            tmp_path,
            examples,
            paths=("--exclude-path-regex", f"{MAMBO}|{PLAYCAMP}"),
        )
    assert read_all_rows()["redemption"], (
        "nothing was redeemed: only refusals were seen"
    )
    assert_invariants()


def test_mambo_answers_as_its_document_says(
    settings: Settings, stock: Stock, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    examples = pytestconfig.getoption("openapi_examples")
    token = stock_up_for_mambo(stock)
    credential = f'mamboToken = {{ bearer = "{token}" }}'
    with gateway_server("query_gateway", settings, tmp_path) as gateway:
        assert_conforms(
            gateway.url,
            credential,
            stock,
            tmp_path,
            examples,
            UNFIT,
            ("--include-path-regex", MAMBO),
        )
    assert read_all_rows()["activity"], "nothing was done: only refusals were seen"
    assert_invariants()


def test_playcamp_answers_as_its_document_says(
    settings: Settings, stock: Stock, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    examples = pytestconfig.getoption("openapi_examples")
    studio = CampaignFactory(stock.tenant)
    stock.known["codes"] = [studio.create_redeemable_code(per_code_limit=0)]
    credential = f'playcampKey = {{ bearer = "{studio.create_client_key()}" }}'
    database.release_connection()
    with gateway_server("query_gateway", settings, tmp_path) as gateway:
        assert_conforms(
            gateway.url,
            credential,
            stock,
            tmp_path,
            examples,
            UNFIT,
            ("--include-path-regex", PLAYCAMP),
        )
    assert read_all_rows()["redemption"], (
        "nothing was redeemed: only refusals were seen"
    )
    assert_invariants()


def stock_up_for_mambo(stock: Stock) -> str:
    """Make users with gold and what it buys; gives an SDK's token."""
    bargains = OfferFactory(stock.tenant)
    offered = [
        bargains.create_offer(f"BUY{n}", points=1, usage=UsageMode.MULTI)
        for n in range(3)
    ]
    for user_id in "ab":
        bargains.create_user(user_id, gold=1_000)
    stock.known["codes"] += [f"BUY{n}" for n in range(3)]
    stock.known["definitions"] += offered
    now = utc_now()
    key, secret = client_keys.create("acme", ClientKeyKind.MAMBO, "sdk", None, now)
    token = authentication.issue_client_token(key.key_id, secret, now)
    database.release_connection()
    return token


@pytest.mark.parametrize("part", ADMIN)
def test_the_admin_gateway_answers_as_its_document_says(
    settings: Settings,
    stock: Stock,
    tmp_path: Path,
    pytestconfig: pytest.Config,
    part: str,
) -> None:
    examples = pytestconfig.getoption("openapi_examples")
    credential = f'apiKey = {{ api_key = "{stock.api_key}" }}'
    with gateway_server("admin_gateway", settings, tmp_path) as gateway:
        assert_conforms(
            gateway.url, credential, stock, tmp_path, examples, UNFIT, ADMIN[part]
        )
