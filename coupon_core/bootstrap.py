"""Initialize a process: logging, database, encryption and rate limits."""

import socket
from collections.abc import Iterable

from coupon_core.domain.models.attempts import SignalThresholds
from coupon_core.observability import (
    attempt_buffer,
    metrics,
    metrics_server,
    structured_logging,
    tracing,
)
from coupon_core.observability.metrics_server import Collector
from coupon_core.persistence import data_directory, database, report_database
from coupon_core.release import RELEASE
from coupon_core.security import authentication, encryption
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import GuessLimits, parse_rate_limit
from coupon_core.services import idempotency, outbox
from coupon_core.services.coupons import typo_detection
from coupon_core.services.insight import attempts, signals
from coupon_core.services.privacy import retention
from coupon_core.services.webhooks import url_policy
from coupon_core.settings.loader import InvalidSettings, Settings


def start(settings: Settings) -> None:
    """Initialize this process with these settings; does not connect to anything yet.

    Raises:
        InvalidSettings: The database URL is invalid.
    """
    structured_logging.configure(settings.log_level, settings.log_format)
    data_directory.restrict(settings.data_dir)
    encryption.load_keys(settings.master_keys)
    try:
        _open_databases(settings)
    except (ValueError, OSError) as error:
        raise InvalidSettings(f"COUPON_DATABASE_URL: {error}") from error
    authentication.clear_credential_caches()
    typo_detection.clear_cache()
    per_user = parse_rate_limit("guesses-per-user", settings.guesses_per_user)
    per_tenant = parse_rate_limit("guesses-per-tenant", settings.guesses_per_tenant)
    code_guessing.configure(
        GuessLimits(settings.redis_url, per_user, per_tenant=per_tenant)
    )
    idempotency.configure(settings.idempotency_keys_per_caller)
    retention.configure(settings.kept_days)
    _configure_attempts(settings)
    url_policy.allow_networks(settings.webhook_networks)


def _configure_attempts(settings: Settings) -> None:
    attempt_buffer.take()
    attempts.configure(settings.keep_attempts)
    signals.configure(
        SignalThresholds(
            settings.signal_code_users,
            settings.signal_user_failures,
            settings.signal_reference_uses,
        )
    )


def _open_databases(settings: Settings) -> None:
    prepares_statements = settings.prepared_statements == "1"
    database.open_database(
        settings.database_url, settings.database_pool, prepares_statements
    )
    report_database.open_report_database(
        settings.report_database_url, prepares_statements
    )


# Each program exposes its own metrics, at COUPON_METRICS_PORT plus this offset.
METRICS_PORT_OFFSETS = {"admin": 0, "query": 1, "workers": 2}


def start_metrics_server(
    program: str, settings: Settings, collectors: Iterable[Collector] = ()
) -> None:
    """Record metrics and expose them, if the settings contain a port for them."""
    # Include the host, because containers that share a directory all have a process 1.
    directory = settings.data_dir / "metrics" / f"{program}@{socket.gethostname()}"
    port = (
        settings.metrics_port and settings.metrics_port + METRICS_PORT_OFFSETS[program]
    )
    metrics_server.start(
        directory,
        settings.metrics_host,
        port=port,
        sample=_sample_connection_pool,
        collectors=collectors,
        tenant_limit=settings.metrics_by_tenant,
    )


def start_tracing(program: str, settings: Settings) -> None:
    """Record traces and send them, if the settings contain a URL for them."""
    if settings.traces_url:
        tracing.start(program, release=RELEASE, url=settings.traces_url)
        outbox.store_traces(tracing.current_traceparent)


def _sample_connection_pool() -> None:
    in_use, idle = database.count_connections()
    metrics.record_pool_connections(in_use, idle)
