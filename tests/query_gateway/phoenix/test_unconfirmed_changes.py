"""A redeem that the database confirms only with a warning is no success."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from peewee import OperationalError
from werkzeug.test import TestResponse

from coupon_core.persistence import database
from tests.query_gateway.caller import Caller
from tests.support.invariants import assert_invariants, fetch_rows

pytestmark = pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
RAISE_WARNING = """
    CREATE FUNCTION raise_warning() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE WARNING 'not confirmed' USING ERRCODE = TG_ARGV[0]; RETURN NULL;
    END $$
"""
CREATE_TRIGGER = """
    CREATE {kind} TRIGGER warn AFTER INSERT ON redemption {deferral}
    FOR EACH ROW EXECUTE FUNCTION raise_warning('{sqlstate}')
"""
READ_WITH_WARNING = """
    CREATE FUNCTION read_with_warning() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN
        RAISE WARNING 'node away' USING ERRCODE = '57P01'; RETURN 1;
    END $$
"""
AT_STATEMENT = {"kind": "", "deferral": ""}
AT_COMMIT = {"kind": "CONSTRAINT", "deferral": "DEFERRABLE INITIALLY DEFERRED"}


@pytest.fixture(autouse=True)
def _warnings(caller: Caller) -> Iterator[None]:
    database.execute(RAISE_WARNING, {})
    yield
    database.execute("DROP FUNCTION raise_warning CASCADE", {})
    database.release_connection()


@pytest.mark.parametrize("moment", [AT_STATEMENT, AT_COMMIT], ids=["during", "commit"])
@pytest.mark.parametrize("sqlstate", ["57P01", "08006", "53100", "XX000"])
def test_an_unconfirmed_redeem_is_unavailable_and_can_be_repeated(
    caller: Caller, moment: dict[str, str], sqlstate: str
) -> None:
    code = caller.tenant.create_code(per_code_limit=0)
    database.execute(CREATE_TRIGGER.format(sqlstate=sqlstate, **moment), {})
    first = redeem(caller, code)
    assert (first.status_code, first.headers.get("Retry-After")) == (503, "1")
    database.execute("DROP TRIGGER warn ON redemption", {})
    again = redeem(caller, code)
    assert again.status_code == 200
    assert redeem(caller, code).data == again.data
    assert_invariants()
    sql = f"SELECT redemption_count FROM coupon WHERE code = '{code}'"
    assert fetch_rows(sql) == [(1,)]


def test_other_warnings_are_no_failure(caller: Caller) -> None:
    database.execute(CREATE_TRIGGER.format(sqlstate="01000", **AT_COMMIT), {})
    assert redeem(caller, caller.tenant.create_code()).status_code == 200


def test_a_warning_fails_a_transaction_but_not_a_single_read(caller: Caller) -> None:
    database.execute(READ_WITH_WARNING, {})
    assert fetch_rows("SELECT read_with_warning()") == [(1,)]
    with pytest.raises(OperationalError, match="57P01"), database.transaction():
        fetch_rows("SELECT read_with_warning()")
    doubtful = database.database_proxy.connection()
    database.release_connection()
    assert doubtful.closed
    database.execute("DROP FUNCTION read_with_warning", {})


def redeem(caller: Caller, code: str) -> TestResponse:
    headers = {"Idempotency-Key": code}
    return caller.call(
        "POST", f"/redeem/{code}", json.dumps({"user_id": "ann"}).encode(), headers
    )
