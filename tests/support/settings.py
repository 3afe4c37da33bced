"""Settings for processes under test, on this machine and a given database."""

from __future__ import annotations

from pathlib import Path

from coupon_core.security.encryption import generate_master_key
from coupon_core.security.rate_limiting.policy import IN_MEMORY_URL
from coupon_core.settings.loader import Settings

MASTER_KEY = generate_master_key()
UNREACHABLE_BROKER_URL = "redis://127.0.0.1:1/0"


def build_settings(
    database_url: str,
    directory: Path = Path("no-such-var"),
    broker_url: str = UNREACHABLE_BROKER_URL,
) -> Settings:
    """Return the settings of a process on this database; all share one key."""
    return Settings(
        data_dir=directory,
        database_url=database_url,
        master_keys=(MASTER_KEY,),
        database_pool=16,
        gateway_workers=1,
        gateway_threads=8,
        bind_host="127.0.0.1",
        admin_port=8001,
        query_port=8002,
        public_query_url="",
        bus_port=8003,
        broker_url=broker_url,
        visibility_seconds=60,
        cors_origins=("*",),
        redis_url=IN_MEMORY_URL,
        guesses_per_user="100 per 10 minutes",
        guesses_per_tenant="10000 per 10 minutes",
        calls_per_caller="",
        calls_per_tenant="",
        webhook_networks=(),
        log_level="warning",
        log_format="json",
        metrics_host="127.0.0.1",
        metrics_port=0,
    )
