"""Both gateways answer as their OpenAPI documents say, for any request.

schemathesis runs as a program against gunicorn, with valid and invalid data. Each run
of the suite sends the same few requests per route. `--openapi-examples 20`, which
`make check-api-docs` uses, sends more, others each time, and one for every rule of the
documents.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from coupon_core import bootstrap
from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.factories.campaigns import CampaignFactory
from tests.support.database_rows import read_all_rows
from tests.support.invariants import assert_invariants
from tests.support.openapi_stock import Stock, create_mambo_stock, create_stock
from tests.support.paths import PROJECT_ROOT
from tests.support.servers.gunicorn import gateway_server
from tests.support.settings import build_settings

# On the stricter database: PostgreSQL accepts neither NUL nor a malformed UUID.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True),
]

# Existing values half of the time, so that not all answers are refusals.
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
# The same handlers under alternative paths.
ALIASES = "^/v1/(coupons|reward-items)|/reward-items|/tenants/[^/]+/events"
# Two parts, so that they may run in parallel.
ADMIN = {
    "stock": ("--include-path-regex", STOCK, "--exclude-path-regex", ALIASES),
    "the rest": ("--exclude-path-regex", f"{STOCK}|{ALIASES}"),
}
EXAMPLES = 1  # random requests per route
# Requests for every rule take 90 s of CPU: too long for the suite.
SUITE_PHASES = "examples,fuzzing"
ALL_PHASES = "examples,coverage,fuzzing"


@pytest.fixture
def settings(database_url: str) -> Iterator[Settings]:
    """Yield the settings of a started core."""
    settings = build_settings(database_url)
    bootstrap.start(settings)
    yield settings
    database.close_database()


@pytest.fixture
def stock(settings: Settings) -> Stock:
    """Create the data that requests may name."""
    return create_stock()


def build_schemathesis_config(stock: Stock, credential: str) -> str:
    """Return the content of schemathesis.toml."""
    lines = ['hooks = "tests.support.openapi_hooks"']
    lines += ["[auth.openapi]", credential, "[dictionaries]"]
    lines += [f"{k} = {{ values = {json.dumps(v)} }}" for k, v in stock.known.items()]
    lines += ["[parameters]", f'"path.tenant_id" = "{stock.tenant.tenant_id}"']
    lines += [f'"path.site" = "{stock.tenant.tenant_id}"']
    lines += [
        f'"{location}" = {{ dictionary = "{name}", probability = 0.5 }}'
        for location, name in KNOWN.items()
    ]
    return "\n".join(lines) + "\n"


# Checks that the admin gateway cannot pass, and why.
EXCLUDED_CHECKS = [
    # Rules across members (user_ids or count, max_uses unless unlimited, an end
    # after the start, an existing reward item) are described in words, not in
    # schemas.
    "positive_data_acceptance",
    # …/coupons/revoke is also the path of a coupon with the ID "revoke", so Allow names
    # the methods of both.
    "allow_header_conformance",
]


# Mambo's bodies are read tolerantly for its SDKs: null counts as absent, and lists that
# are too long make the body too long, which is 413.
EXCLUDED_MAMBO_CHECKS = [*EXCLUDED_CHECKS, "negative_data_rejection"]


def assert_conforms(
    url: str,
    credential: str,
    stock: Stock,
    directory: Path,
    examples: int | None,
    unfit: Sequence[str] = (),
    paths: Sequence[str] = (),
) -> None:
    """Run schemathesis and show its findings on failure."""
    (directory / "schemathesis.toml").write_text(
        build_schemathesis_config(stock, credential)
    )
    often = ["--max-examples", str(examples or EXAMPLES)]
    anew = ["--generation-database", "none"]
    left_out = ["--exclude-checks", ",".join(unfit)] if unfit else []
    same = anew if examples else ["--generation-deterministic", "--seed", "1"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"),
            *("--phases", ALL_PHASES if examples else SUITE_PHASES, "--no-color"),
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
    token = create_mambo_stock(stock)
    credential = f'mamboToken = {{ bearer = "{token}" }}'
    with gateway_server("query_gateway", settings, tmp_path) as gateway:
        assert_conforms(
            gateway.url,
            credential,
            stock,
            tmp_path,
            examples,
            EXCLUDED_MAMBO_CHECKS,
            ("--include-path-regex", MAMBO),
        )
    assert read_all_rows()["activity"], "nothing was done: only refusals were seen"
    assert_invariants()


def test_playcamp_answers_as_its_document_says(
    settings: Settings, stock: Stock, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    examples = pytestconfig.getoption("openapi_examples")
    campaign_factory = CampaignFactory(stock.tenant)
    stock.known["codes"] = [campaign_factory.create_redeemable_code(per_code_limit=0)]
    credential = (
        f'playcampKey = {{ bearer = "{campaign_factory.create_client_key()}" }}'
    )
    database.release_connection()
    with gateway_server("query_gateway", settings, tmp_path) as gateway:
        assert_conforms(
            gateway.url,
            credential,
            stock,
            tmp_path,
            examples,
            EXCLUDED_CHECKS,
            ("--include-path-regex", PLAYCAMP),
        )
    assert read_all_rows()["redemption"], (
        "nothing was redeemed: only refusals were seen"
    )
    assert_invariants()


@pytest.mark.parametrize("part", ADMIN)
def test_the_admin_gateway_answers_as_its_document_says(
    settings: Settings,
    stock: Stock,
    tmp_path: Path,
    pytestconfig: pytest.Config,
    part: str,
) -> None:
    examples = pytestconfig.getoption("openapi_examples")
    credential = f'apiKey = {{ api_key = "{stock.tenant.api_key}" }}'
    with gateway_server("admin_gateway", settings, tmp_path) as gateway:
        assert_conforms(
            gateway.url,
            credential,
            stock,
            tmp_path,
            examples,
            EXCLUDED_CHECKS,
            ADMIN[part],
        )
