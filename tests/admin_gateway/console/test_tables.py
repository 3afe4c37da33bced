"""Tables of the console as files."""

from __future__ import annotations

from coupon_core.domain.models.operators import Role
from tests.support.admin_client import AdminClient
from tests.support.console_client import sign_in_as

HOME = "/console/t/acme"


def test_slow_readers_of_a_tenant_do_not_keep_others_from_downloading(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    own = sign_in_as(admin, Role.VIEWER)
    other = sign_in_as(other_admin, Role.VIEWER, tenant_id="globex")
    path = f"{HOME}/definitions?format=csv"
    unread = [own.client.get(path) for _ in range(2)]
    assert [one.status_code for one in unread] == [200, 200]
    refused = own.client.get(path)
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    others = other.client.get("/console/t/globex/definitions?format=csv")
    assert others.text.startswith("name,")
    for one in reversed(unread):
        one.close()
    assert own.client.get(path).text.startswith("name,")
