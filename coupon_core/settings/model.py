"""What can be set: its values, and what each is called, means and is by default."""

import re
from dataclasses import dataclass, field, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, with the name of its variable in the metadata."""

    data_dir: Path
    database_url: str
    master_keys: tuple[str, ...] = field(repr=False)
    database_pool: int
    gateway_workers: int
    gateway_threads: int
    bind_host: str
    admin_port: int
    query_port: int
    bus_port: int
    broker_url: str
    visibility_seconds: int
    cors_origins: tuple[str, ...]
    redis_url: str
    guesses_per_user: str
    guesses_per_tenant: str
    calls_per_caller: str
    calls_per_tenant: str
    webhook_networks: tuple[str, ...]
    log_level: str
    log_format: str
    metrics_host: str
    metrics_port: int
    # Told by COUPON_BROKER_URL: whether the bus of this machine is to be started.
    is_broker_embedded: bool = True


# Name of the variable, what it is for, default as text. In the order of `Settings`.
DESCRIPTIONS = (
    ("COUPON_DATA_DIR", "where everything that is kept on disk lies", "./var"),
    (
        "COUPON_DATABASE_URL",
        "sqlite:///path or postgresql://user:password@host/name",
        "sqlite:///DATA_DIR/coupons.db",
    ),
    (
        "COUPON_MASTER_KEYS",
        "Fernet keys that seal secrets at rest, comma-separated: the first seals, all "
        "open; one is made and kept in DATA_DIR/master.key when none is given",
        "",
    ),
    ("COUPON_DATABASE_POOL", "most database connections a process opens", "16"),
    ("COUPON_GATEWAY_WORKERS", "processes of each gateway", "1"),
    ("COUPON_GATEWAY_THREADS", "threads of each of those processes", "8"),
    ("COUPON_BIND_HOST", "address that the gateways listen on", "127.0.0.1"),
    ("ADMIN_PORT", "port of the admin gateway", "8001"),
    ("QUERY_PORT", "port of the query gateway", "8002"),
    ("BUS_PORT", "port of the embedded bus, on 127.0.0.1 only", "8003"),
    (
        "COUPON_BROKER_URL",
        "the bus: redis://… or amqp://…; where it is set no bus is embedded",
        "redis://127.0.0.1:BUS_PORT/0",
    ),
    (
        "COUPON_VISIBILITY_SECONDS",
        "after how long without acknowledgement a message goes to another worker on "
        "Redis, where a killed worker is not noticed otherwise",
        "60",
    ),
    (
        "COUPON_CORS_ORIGINS",
        "origins whose pages may call the query gateway, comma-separated; * is all "
        "(it takes no cookies), empty is none",
        "*",
    ),
    (
        "COUPON_REDIS_URL",
        "redis://… that the gateways count in together; while it is away, or with "
        "memory://, each process counts alone",
        "the bus, if that is redis",
    ),
    (
        "COUPON_GUESSES_PER_USER",
        "how many unknown codes one user may validate or redeem before he is refused "
        "with 429; empty is no limit",
        "100 per 10 minutes",
    ),
    (
        "COUPON_GUESSES_PER_TENANT",
        "the same for all users of a tenant together",
        "10000 per 10 minutes",
    ),
    (
        "COUPON_CALLS_PER_CALLER",
        "how many requests one user or one key may make, such as 50/second; empty is "
        "no limit",
        "",
    ),
    ("COUPON_CALLS_PER_TENANT", "the same for a tenant altogether", ""),
    (
        "COUPON_WEBHOOK_NETWORKS",
        "networks that webhooks may go to though they are not public, comma-separated, "
        "such as 10.1.0.0/16; all others are refused",
        "",
    ),
    ("COUPON_LOG_LEVEL", "debug, info, warning or error", "info"),
    ("COUPON_LOG_FORMAT", "json, or console for people", "json"),
    ("COUPON_METRICS_HOST", "address that metrics are shown at", "127.0.0.1"),
    (
        "COUPON_METRICS_PORT",
        "port of the admin gateway's metrics for Prometheus; the query gateway and the "
        "workers take the next two; 0 counts nothing",
        "0",
    ),
)


def describe_settings(settings: Settings) -> list[tuple[str, str, str]]:
    """Name, value and meaning of every setting; secrets are not shown."""
    rows = zip(fields(settings), DESCRIPTIONS, strict=False)  # the last is derived
    return [
        (name, _format_value(getattr(settings, one.name), one.repr), about)
        for one, (name, about, _) in rows
    ]


URL_PASSWORD_PATTERN = re.compile(r"(?<=:)[^:@/]+(?=@)")


def _format_value(value: object, is_public: bool) -> str:
    text = ",".join(value) if isinstance(value, tuple) else str(value)
    return URL_PASSWORD_PATTERN.sub("(hidden)", text) if is_public else "(hidden)"
