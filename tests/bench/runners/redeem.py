"""A player redeems a code of their own, each code once."""

from tests.bench import counts
from tests.bench.http import post
from tests.bench.load import Work
from tests.bench.model import Sample
from tests.bench.stage import MOST_A_SECOND, Stage


class Redeem:
    """`POST /v1/coupons/redeem/CODE` by the owners of the codes."""

    name = "redeem"

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.done = 0

    def run(self, seconds: float) -> Sample:
        """One round; it ends early when its share of the codes is used up."""
        share = self.stage.coupons.share(int(seconds * MOST_A_SECOND))
        requests = [self._request(code, user) for code, user in share]
        work = Work(self.stage.gateway.port, requests, seconds)
        sample = self.stage.drive(work, self.stage.gateway_pids)
        self.done += sample.done
        return sample

    def _request(self, code: str, user: str) -> bytes:
        token = self.stage.people.tokens[user]
        return post(f"/v1/coupons/redeem/{code}", token, {"user_id": user})

    def wrong(self) -> list[str]:
        """Every answer 200 is one redemption, one use and one event, and no more."""
        return counts.wrong(self.stage.gateway_url, self.done, self.name)
