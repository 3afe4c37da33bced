"""`make sdk-bench-typescript`: the client CPU of redeems, with the SDK and bare fetch.

Both sign each request and send an Idempotency-Key, in turns of some hundred calls, to
the same gateway.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from coupon_core.persistence import database
from tests.chaos.environments import running_environment
from tests.factories.tenant import create_tenant
from tests.sdk.typescript.npm import HERE, build_environment, build_sdk
from tests.support.servers.node import node_wheel

CALLS_PER_TURN = 500  # as in overhead.mjs


def main() -> None:
    """Print the CPU time per call of both, and the median ratio of all turns."""
    parser = argparse.ArgumentParser(
        prog="make sdk-bench-typescript", description=__doc__
    )
    parser.add_argument("--calls", type=int, default=10_000)
    turns = parser.parse_args().calls // CALLS_PER_TURN
    build_sdk()
    with (
        tempfile.TemporaryDirectory() as home,
        running_environment("sqlite", Path(home)) as environment,
    ):
        tenant = create_tenant(now=None)
        code = tenant.issue_code(tenant.define(per_code_limit=0), "ann")
        database.release_connection()
        variables = {
            "QUERY_URL": environment.gateway.url,
            "TENANT_ID": tenant.tenant_id,
            "TENANT_SECRET": tenant.secret,
            "CODE": code,
            "TURNS": str(turns),
        }
        command = [node_wheel(), HERE / "overhead.mjs"]
        subprocess.run(command, env=build_environment(variables), check=True)


if __name__ == "__main__":
    main()
