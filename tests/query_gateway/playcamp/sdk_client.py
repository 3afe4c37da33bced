"""A client that calls the query gateway as the published PlayCamp SDKs do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.query_gateway.caller import VALIDATOR_EXTENSION


@dataclass
class SdkClient:
    """Calls the gateway as the published SDKs do."""

    client: FlaskClient
    key: str
    side: str = "server"

    def call(
        self, method: str, path: str, body: Any = None, **options: Any
    ) -> TestResponse:
        """Ask; `path` is below `/v1/server` or `/v1/client`."""
        whole = f"/v1/{self.side}{path}"
        options.setdefault("headers", {"Authorization": f"Bearer {self.key}"})
        if body is not None:
            options["json"] = body
        answer = self.client.open(whole, method=method, **options)
        documented = self.client.application.extensions[VALIDATOR_EXTENSION]
        documented.check(answer, method, whole.partition("?")[0])
        return answer

    def get(self, path: str) -> TestResponse:
        return self.call("GET", path)

    def get_data(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json["data"]

    def validate(self, code: str, user_id: str = "ann", **more: Any) -> dict[str, Any]:
        who = {"userId": user_id} if self.side == "server" else {}
        body = {"couponCode": code, **who, **more}
        answer = self.call("POST", "/coupons/validate", body)
        assert answer.status_code == 200, answer.text
        return answer.json["data"]

    def redeem(self, code: str, user_id: str = "ann", **more: Any) -> TestResponse:
        body = {"couponCode": code, "userId": user_id, **more}
        return self.call("POST", "/coupons/redeem", body)
