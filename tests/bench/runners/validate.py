"""A player asks what a code is worth."""

from tests.bench.http import get
from tests.bench.load import Work
from tests.bench.model import Sample
from tests.bench.stage import Stage

CODES = 4_000  # looked up again and again


class Validate:
    """`GET /v1/coupons/validate/CODE` by the owners of so many different codes."""

    name = "validate"

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.requests = [
            get(f"/v1/coupons/validate/{code}", stage.people.tokens[user])
            for code, user in stage.coupons.share(CODES)
        ]

    def run(self, seconds: float) -> Sample:
        """One round."""
        port, good = self.stage.gateway.port, b'"valid":true'
        work = Work(port, self.requests, seconds, repeat=True, must_hold=good)
        return self.stage.drive(work, self.stage.gateway_pids)

    def wrong(self) -> list[str]:
        """Nothing is stored; an answer that the code is not valid counts as failed."""
        return []
