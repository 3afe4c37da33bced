"""In any order of requests, the gateways answer as the reference model does.

The suite runs a few short examples; `--model-examples 500` runs many longer ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

import admin_gateway
import query_gateway
from coupon_core.persistence import database
from tests.factories.tenant import create_tenant
from tests.query_gateway.caller import VALIDATOR_EXTENSION
from tests.stateful.api_client import ApiClient
from tests.stateful.state_machine import CouponStateMachine
from tests.support.admin_client import ResponseValidator
from tests.support.invariants import assert_invariants
from tests.support.report_invariants import assert_reports_agree
from tests.support.settings import build_settings

EXAMPLES, STEPS = 5, 18
LONG = 60  # steps
# Shrinking takes minutes, so only with --model-examples.
QUICK = [Phase.explicit, Phase.reuse, Phase.generate]


@pytest.fixture
def desk_for_life(database_url: str) -> Iterator[ApiClient]:
    """Yield both gateways; each example creates its own tenant."""
    # No limit on guesses: the examples redeem unknown codes repeatedly.
    unlimited = {"guesses_per_user": "", "guesses_per_tenant": ""}
    settings = replace(build_settings(database_url), **unlimited)
    apps = [gateway.create_app(settings) for gateway in (admin_gateway, query_gateway)]
    apps[1].extensions[VALIDATOR_EXTENSION] = ResponseValidator(apps[1])
    yield ApiClient(*apps, tenant=None, api_key="")
    database.close_database()


@pytest.mark.slow
def test_every_answer_is_the_models(
    desk_for_life: ApiClient, pytestconfig: pytest.Config
) -> None:
    max_examples = pytestconfig.getoption("model_examples")

    def begin() -> CouponStateMachine:
        tenant = create_tenant("life", now=None)
        machine = CouponStateMachine()
        machine.api_client = ApiClient(
            desk_for_life.admin_app, desk_for_life.query_app, tenant, tenant.api_key
        )
        return machine

    run_state_machine_as_test(
        begin,
        settings=settings(
            max_examples=max_examples or EXAMPLES,
            stateful_step_count=LONG if max_examples else STEPS,
            suppress_health_check=list(HealthCheck),
            phases=[*QUICK, Phase.shrink] if max_examples else QUICK,
        ),
    )
    assert_invariants()
    assert_reports_agree()
