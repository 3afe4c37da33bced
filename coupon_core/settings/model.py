"""The settings: one table of fields, environment variables, defaults and meanings."""

from dataclasses import dataclass, field, fields
from pathlib import Path

from environs import validate

from coupon_core.observability import structured_logging
from coupon_core.settings.validators import (
    COUNT_RANGE,
    METRICS_PORT_RANGE,
    PORT_RANGE,
    VISIBILITY_RANGE,
    validate_broker_url,
    validate_networks,
    validate_rate_limit,
    validate_redis_url,
)
from coupon_core.settings.variables import Variable, describe_variable


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; the metadata describe the environment variables."""

    data_dir: Path = field(
        metadata=describe_variable(
            "COUPON_DATA_DIR",
            "where everything that is kept on disk lies",
            default=Path("var"),
            documented_default="./var",
        )
    )
    database_url: str = field(
        metadata=describe_variable(
            "COUPON_DATABASE_URL",
            "sqlite:///path or postgresql://user:password@host/name",
            documented_default="sqlite:///DATA_DIR/coupons.db",
        )
    )
    master_keys: tuple[str, ...] = field(
        metadata=describe_variable(
            "COUPON_MASTER_KEYS",
            "Fernet keys that seal secrets at rest, comma-separated: the first "
            "seals, all open; one is made and kept in DATA_DIR/master.key when "
            "none is given",
            default=(),
        ),
        repr=False,
    )
    database_pool: int = field(
        metadata=describe_variable(
            "COUPON_DATABASE_POOL",
            "most database connections a process opens",
            default=16,
            validate=COUNT_RANGE,
        )
    )
    gateway_workers: int = field(
        metadata=describe_variable(
            "COUPON_GATEWAY_WORKERS",
            "processes of each gateway",
            default=1,
            validate=COUNT_RANGE,
        )
    )
    gateway_threads: int = field(
        metadata=describe_variable(
            "COUPON_GATEWAY_THREADS",
            "threads of each of those processes",
            default=8,
            validate=COUNT_RANGE,
        )
    )
    bind_host: str = field(
        metadata=describe_variable(
            "COUPON_BIND_HOST",
            "address that the gateways listen on",
            default="127.0.0.1",
        )
    )
    admin_port: int = field(
        metadata=describe_variable(
            "ADMIN_PORT",
            "port of the admin gateway",
            default=8001,
            validate=PORT_RANGE,
        )
    )
    query_port: int = field(
        metadata=describe_variable(
            "QUERY_PORT",
            "port of the query gateway",
            default=8002,
            validate=PORT_RANGE,
        )
    )
    bus_port: int = field(
        metadata=describe_variable(
            "BUS_PORT",
            "port of the embedded bus, on 127.0.0.1 only",
            default=8003,
            validate=PORT_RANGE,
        )
    )
    broker_url: str = field(
        metadata=describe_variable(
            "COUPON_BROKER_URL",
            "the bus: redis://… or amqp://…; where it is set no bus is embedded",
            validate=validate_broker_url,
            documented_default="redis://127.0.0.1:BUS_PORT/0",
        )
    )
    visibility_seconds: int = field(
        metadata=describe_variable(
            "COUPON_VISIBILITY_SECONDS",
            "after how long without acknowledgement a message goes to another "
            "worker on Redis, where a killed worker is not noticed otherwise",
            default=60,
            validate=VISIBILITY_RANGE,
        )
    )
    cors_origins: tuple[str, ...] = field(
        metadata=describe_variable(
            "COUPON_CORS_ORIGINS",
            "origins whose pages may call the query gateway, comma-separated; *"
            " is all (it takes no cookies), empty is none",
            default=("*",),
        )
    )
    redis_url: str = field(
        metadata=describe_variable(
            "COUPON_REDIS_URL",
            "redis://… that the gateways count in together; while it is away, "
            "or with memory://, each process counts alone",
            validate=validate_redis_url,
            documented_default="the bus, if that is redis",
        )
    )
    guesses_per_user: str = field(
        metadata=describe_variable(
            "COUPON_GUESSES_PER_USER",
            "how many unknown codes one user may validate or redeem before he "
            "is refused with 429; empty is no limit",
            default="100 per 10 minutes",
            validate=validate_rate_limit,
        )
    )
    guesses_per_tenant: str = field(
        metadata=describe_variable(
            "COUPON_GUESSES_PER_TENANT",
            "the same for all users of a tenant together",
            default="10000 per 10 minutes",
            validate=validate_rate_limit,
        )
    )
    calls_per_caller: str = field(
        metadata=describe_variable(
            "COUPON_CALLS_PER_CALLER",
            "how many requests one user or one key may make, such as 50/second;"
            " empty is no limit",
            validate=validate_rate_limit,
        )
    )
    calls_per_tenant: str = field(
        metadata=describe_variable(
            "COUPON_CALLS_PER_TENANT",
            "the same for a tenant altogether",
            validate=validate_rate_limit,
        )
    )
    webhook_networks: tuple[str, ...] = field(
        metadata=describe_variable(
            "COUPON_WEBHOOK_NETWORKS",
            "networks that webhooks may go to though they are not public, "
            "comma-separated, such as 10.1.0.0/16; all others are refused",
            default=(),
            validate=validate_networks,
        )
    )
    log_level: str = field(
        metadata=describe_variable(
            "COUPON_LOG_LEVEL",
            "debug, info, warning or error",
            default="info",
            validate=validate.OneOf([*structured_logging.LEVELS]),
        )
    )
    log_format: str = field(
        metadata=describe_variable(
            "COUPON_LOG_FORMAT",
            "json, or console for people",
            default="json",
            validate=validate.OneOf(structured_logging.FORMATS),
        )
    )
    metrics_host: str = field(
        metadata=describe_variable(
            "COUPON_METRICS_HOST",
            "address that metrics are shown at",
            default="127.0.0.1",
        )
    )
    metrics_port: int = field(
        metadata=describe_variable(
            "COUPON_METRICS_PORT",
            "port of the admin gateway's metrics for Prometheus; the query "
            "gateway and the workers take the next two; 0 counts nothing",
            default=0,
            validate=METRICS_PORT_RANGE,
        )
    )
    # Derived from COUPON_BROKER_URL: True if this machine must start the broker.
    is_broker_embedded: bool = True


VARIABLES: dict[str, Variable] = {
    setting.name: setting.metadata["variable"]
    for setting in fields(Settings)
    if setting.metadata
}
"""The environment variables by the name of their field, in the order of the fields."""
