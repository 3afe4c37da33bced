"""The settings: one table of fields, environment variables, defaults and meanings."""

from dataclasses import dataclass, field, fields
from pathlib import Path

from environs import validate

from coupon_core.observability import structured_logging
from coupon_core.settings.console import LAST_FIELDS, ConsoleSettings
from coupon_core.settings.validators import (
    COUNT_RANGE,
    KEY_COUNT_RANGE,
    PORT_RANGE,
    VISIBILITY_RANGE,
    validate_broker_url,
    validate_database_url,
    validate_directory,
    validate_networks,
    validate_public_url,
    validate_rate_limit,
    validate_redis_url,
    validate_report_database_url,
)
from coupon_core.settings.variables import (
    Variable,
    describe_variable,
    setting,
    setting_with_default,
)

DEFAULT_CALLS_PER_CALLER = "600 per minute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ConsoleSettings):
    """Everything that can be set; the metadata describe the environment variables."""

    data_dir: Path = setting(  # noqa: RUF009 - it returns a field
        "COUPON_DATA_DIR",
        "directory for everything that is stored on disk",
        default=Path("var"),
        validate=validate_directory,
        documented_default="./var",
    )
    database_url: str = setting(
        "COUPON_DATABASE_URL",
        "sqlite:///path or postgresql://user:password@host/name; of several hosts "
        "(host1,host2/name) the one that accepts writes is used",
        validate=validate_database_url,
        documented_default="sqlite:///DATA_DIR/coupons.db",
    )
    master_keys: tuple[str, ...] = field(
        metadata=describe_variable(
            "COUPON_MASTER_KEYS",
            "Fernet keys that encrypt secrets at rest, comma-separated: the "
            "first one encrypts, all of them decrypt; without any, one is "
            "generated and stored in DATA_DIR/master.key",
            default=(),
        ),
        repr=False,
    )
    database_pool: int = setting_with_default(
        "COUPON_DATABASE_POOL",
        "maximum number of database connections of a process",
        default=16,
        validate=COUNT_RANGE,
    )
    prepared_statements: str = setting_with_default(
        "COUPON_PREPARED_STATEMENTS",
        "1, or 0 if connections go through a PgBouncer that pools transactions and "
        "does not follow prepared statements: statements are then not prepared",
        default="1",
        validate=validate.OneOf(["0", "1"], error="expected 1 or 0"),
    )
    report_database_url: str = setting_with_default(
        "COUPON_REPORT_DATABASE_URL",
        "postgresql://… of a replica from which statistics are read; validate and "
        "redeem never read it",
        default="",
        validate=validate_report_database_url,
        documented_default="COUPON_DATABASE_URL",
    )
    gateway_workers: int = setting_with_default(
        "COUPON_GATEWAY_WORKERS",
        "number of processes of each gateway",
        default=1,
        validate=COUNT_RANGE,
    )
    gateway_threads: int = setting_with_default(
        "COUPON_GATEWAY_THREADS",
        "number of threads of each gateway process",
        default=8,
        validate=COUNT_RANGE,
    )
    bind_host: str = setting_with_default(
        "COUPON_BIND_HOST",
        "address on which the gateways listen",
        default="127.0.0.1",
    )
    demo: str = setting_with_default(
        "COUPON_DEMO",
        "whether make run creates the demo tenant and prints its credentials: 1 or 0",
        default="",
        validate=validate.OneOf(["", "0", "1"], error="expected 1 or 0"),
        documented_default="1 if COUPON_BIND_HOST is an address of this machine only, "
        "else 0",
    )
    admin_port: int = setting_with_default(
        "ADMIN_PORT",
        "port of the admin gateway",
        default=8001,
        validate=PORT_RANGE,
    )
    query_port: int = setting_with_default(
        "QUERY_PORT",
        "port of the query gateway",
        default=8002,
        validate=PORT_RANGE,
    )
    public_query_url: str = setting(
        "COUPON_PUBLIC_QUERY_URL",
        "URL at which clients reach the query gateway, such as "
        "https://coupons.example; OAuth 1.0a signatures cover it",
        validate=validate_public_url,
        documented_default="the Host header of each request",
    )
    bus_port: int = setting_with_default(
        "BUS_PORT",
        "port of the embedded message broker, on 127.0.0.1 only",
        default=8003,
        validate=PORT_RANGE,
    )
    broker_url: str = setting(
        "COUPON_BROKER_URL",
        "message broker: redis://…, sentinel://… or amqp://…, several nodes "
        "separated by semicolons; if it is set, no broker is embedded",
        validate=validate_broker_url,
        documented_default="redis://:PASSWORD@127.0.0.1:BUS_PORT/0",
    )
    visibility_seconds: int = setting(
        "COUPON_VISIBILITY_SECONDS",
        "on Redis, seconds until an unacknowledged message is delivered to another "
        "worker, which is how messages of a killed worker are recovered",
        default=60,
        validate=VISIBILITY_RANGE,
    )
    cors_origins: tuple[str, ...] = setting(
        "COUPON_CORS_ORIGINS",
        "origins whose pages may call the query gateway, comma-separated; *"
        " allows all (the gateway uses no cookies), empty allows none",
        default=("*",),
    )
    redis_url: str = setting(
        "COUPON_REDIS_URL",
        "redis://… or sentinel://… in which the gateways share the counters of rate"
        " limits; while it is unavailable, or with memory://, each process counts "
        "separately",
        validate=validate_redis_url,
        documented_default="COUPON_BROKER_URL, if that is Redis",
    )
    guesses_per_user: str = setting_with_default(
        "COUPON_GUESSES_PER_USER",
        "number of unknown codes that a user may validate or redeem before "
        "requests are refused with 429; empty means no limit",
        default="100 per 10 minutes",
        validate=validate_rate_limit,
    )
    guesses_per_tenant: str = setting_with_default(
        "COUPON_GUESSES_PER_TENANT",
        "the same limit for all users of a tenant together, and for each "
        "credential that names no user",
        default="10000 per 10 minutes",
        validate=validate_rate_limit,
    )
    calls_per_caller: str = setting_with_default(
        "COUPON_CALLS_PER_CALLER",
        "number of requests that a caller may send, such as 50/second; the default "
        "applies to players' tokens only, any other value also to API keys and "
        "servers; empty means no limit",
        default=DEFAULT_CALLS_PER_CALLER,
        validate=validate_rate_limit,
    )
    calls_per_tenant: str = setting_with_default(
        "COUPON_CALLS_PER_TENANT",
        "the same limit for all callers of a tenant together",
        default="",
        validate=validate_rate_limit,
    )
    calls_counted_in: str = setting_with_default(
        "COUPON_CALLS_COUNTED_IN",
        "where requests are counted: process (each process by itself) or redis (all "
        "processes together, one call to Redis per request)",
        default="",
        validate=validate.OneOf(
            ["", "process", "redis"], error="expected process or redis"
        ),
        documented_default="process for the default limit, redis for other limits",
    )
    idempotency_keys_per_caller: int = setting_with_default(
        "COUPON_IDEMPOTENCY_KEYS_PER_CALLER",
        "number of Idempotency-Keys that one user may have stored; 0 means no limit",
        default=1_000,
        validate=KEY_COUNT_RANGE,
    )
    webhook_networks: tuple[str, ...] = setting(
        "COUPON_WEBHOOK_NETWORKS",
        "networks to which webhooks may be sent although they are not public, "
        "comma-separated, such as 10.1.0.0/16; all others are refused",
        default=(),
        validate=validate_networks,
    )
    log_level: str = setting_with_default(
        "COUPON_LOG_LEVEL",
        "debug, info, warning or error",
        default="info",
        validate=validate.OneOf(
            [*structured_logging.LEVELS], error="expected one of {choices}"
        ),
    )
    log_format: str = setting_with_default(
        "COUPON_LOG_FORMAT",
        "json, or console for reading in a terminal",
        default="json",
        validate=validate.OneOf(
            structured_logging.FORMATS, error="expected one of {choices}"
        ),
    )
    is_broker_embedded: bool = True  # derived: this machine must start the broker
    is_demo_enabled: bool = True  # derived from COUPON_DEMO and COUPON_BIND_HOST


VARIABLES: dict[str, Variable] = {
    setting.name: setting.metadata["variable"]
    for setting in sorted(fields(Settings), key=lambda one: one.name in LAST_FIELDS)
    if setting.metadata
}
"""The environment variables by the name of their field, in this order."""
