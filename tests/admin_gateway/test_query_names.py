"""Tests that misspelt query parameters are refused on every route."""

from __future__ import annotations

import pytest

from tests.support.admin_client import AdminClient


@pytest.mark.parametrize(
    ("path", "unknown"),
    [
        ("codes?statsu=active", "statsu"),
        ("codes?q=SAVE", "q"),
        ("codes?limit=1&offset=2", "offset"),
        ("codes/export?definitionid=x", "definitionid"),
        ("coupons?limit=1&page=2", "page"),
        ("secrets?limit=1", "limit"),
        ("audit?%61ctor=cli", None),
        ("/v1/reward-items?tenant_id=acme", None),
    ],
)
def test_unknown_parameter_is_refused_by_its_name(
    sqlite_admin: AdminClient, path: str, unknown: str | None
) -> None:
    answer = sqlite_admin.get(path)
    if unknown is None:
        path_name = path.partition("?")[0]
        assert answer.status_code in {200, 400}, path_name
        assert "unknown parameter" not in answer.text
    else:
        assert answer.status_code == 400
        (detail,) = answer.json["details"]
        assert (detail["path"], detail["target"]) == (unknown, "query")
        assert detail["message"].startswith("unknown parameter; ")


def test_every_route_refuses_an_unknown_parameter(sqlite_admin: AdminClient) -> None:
    """Every documented route answers 400, or refuses the request for another reason."""
    spec = sqlite_admin.response_validator.spec
    paths = [path for path, item in spec["paths"].items() if "get" in item]
    statuses = {
        path: sqlite_admin.call("GET", path.format_map(Ids()) + "?misspelt=1")
        for path in paths
        if path.startswith("/v1/")
    }
    assert len(statuses) > 20
    served = [path for path, answer in statuses.items() if answer.status_code == 200]
    assert served == []


class Ids(dict[str, str]):
    """Path parameters: the tenant's own id, and ids that do not exist."""

    def __missing__(self, name: str) -> str:
        return "acme" if name == "tenant_id" else "00000000-0000-0000-0000-000000000000"
