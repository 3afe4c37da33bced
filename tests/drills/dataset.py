"""The data of a drill: coupons, one of which is used while the drill runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from coupon_core.persistence import schema
from coupon_core.services import master_keys
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import running_in_threads, started_core
from tests.support.invariants import assert_invariants, fetch_rows

COUPONS_PER_CALL = 1_000
UNLUCKY_USER = "user-1"


@dataclass
class Dataset:
    """A tenant whose code `used` was redeemed `uses` times, and `unused` never."""

    settings: Settings
    tenant: TenantFactory
    used: str
    unused: str
    uses: int = 0

    @contextmanager
    def being_used(self) -> Iterator[None]:
        """Redeem the code all the time while the block runs."""

        def use(stop: Event) -> None:
            while not stop.is_set():
                self.tenant.redeem(self.used, "user-0")
                self.uses += 1

        with running_in_threads([use], join_seconds=30):
            yield


@contextmanager
def filled_database(settings: Settings, coupon_count: int) -> Iterator[Dataset]:
    """Create the tables and the data; the core runs on them within the block."""
    with started_core(settings):
        schema.upgrade()
        tenant = create_tenant(now=None)
        definition = tenant.define(per_code_limit=1_000_000)
        codes: list[str] = []
        for start in range(0, coupon_count, COUPONS_PER_CALL):
            end = min(start + COUPONS_PER_CALL, coupon_count)
            users = [f"user-{number}" for number in range(start, end)]
            issued = tenant.generate(definition, users)
            codes += [each.coupon.code for each in issued]
        yield Dataset(settings, tenant, used=codes[0], unused=codes[1])


def check_restored(settings: Settings, data: Dataset, uses: range) -> int:
    """Check a restored database; return how many rows of coupons and uses it has.

    `uses` are the possible numbers of redemptions.
    """
    with started_core(settings):
        assert_invariants()
        assert master_keys.count_secrets_of_older_keys() == 0
        ((found,),) = fetch_rows("SELECT count(*) FROM redemption")
        assert found in uses, (found, uses)
        data.tenant.redeem(data.unused, UNLUCKY_USER)
        ((coupon_count,),) = fetch_rows("SELECT count(*) FROM coupon")
        return int(coupon_count) + int(found)


def measure_bytes(path: Path) -> int:
    """Return the size of a file, or of all files below a directory."""
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
