"""Players redeem their own codes, each code once."""

from tests.benchmarks import counts
from tests.benchmarks.environment import MAX_REDEMPTIONS_PER_SECOND, Environment
from tests.benchmarks.http import build_post
from tests.benchmarks.load import LoadPlan
from tests.benchmarks.model import Sample


class Redeem:
    """`POST /v1/coupons/redeem/CODE` by the owners of the codes."""

    name = "redeem"

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.completed = 0

    def run(self, seconds: float) -> Sample:
        """Run one round; it ends early if its share of the codes is used up."""
        share = self.environment.coupons.allocate(
            int(seconds * MAX_REDEMPTIONS_PER_SECOND)
        )
        requests = [self._build_request(code, user) for code, user in share]
        work = LoadPlan(self.environment.gateway.port, requests, seconds)
        sample = self.environment.drive(work, self.environment.gateway_pids)
        self.completed += sample.completed
        return sample

    def _build_request(self, code: str, user: str) -> bytes:
        token = self.environment.players.tokens[user]
        return build_post(f"/v1/coupons/redeem/{code}", token, {"user_id": user})

    def find_mismatches(self) -> list[str]:
        """Each answer 200 must be exactly one redemption, one use, and one event."""
        return counts.find_mismatches(
            self.environment.gateway_url, self.completed, self.name
        )
