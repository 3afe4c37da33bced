"""Create the schema and a tenant with the release of the working directory.

`python -m tests.chaos.previous_tenant USERS` prints the tenant and its credentials.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

from coupon_core.persistence import schema
from coupon_core.settings import loader
from coupon_core.settings.loader import Settings
from tests.chaos.mixed_calls import Credentials, prepare_tenant
from tests.chaos.worker_processes import build_environment
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import started_core
from tests.support.installations import Installation


def create_with(
    release: Installation, settings: Settings, user_count: int
) -> tuple[TenantFactory, Credentials]:
    """Let another release create the schema in an empty database, and a tenant."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.previous_tenant", str(user_count)],
        cwd=release.tree,
        env=build_environment(settings) | release.build_environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    tenant, credentials = json.loads(done.stdout)
    return TenantFactory(**tenant), Credentials(**credentials)


def main() -> None:
    """Create the tenant, and print it for `create_with`."""
    with started_core(loader.load()):
        schema.upgrade()
        tenant = create_tenant(now=None)
        credentials = prepare_tenant(tenant, int(sys.argv[1]))
    print(json.dumps([asdict(tenant), asdict(credentials)]))


if __name__ == "__main__":
    main()
