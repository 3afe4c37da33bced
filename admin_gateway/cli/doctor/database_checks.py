"""The checks of `couponctl doctor` of the database and of what is in it."""

from cryptography.fernet import InvalidToken

from admin_gateway.cli.core_errors import (
    WRONG_MASTER_KEY_MESSAGE,
    database_status_message,
)
from admin_gateway.cli.doctor.findings import Finding, Findings, fail, ok, warn
from admin_gateway.cli.output import describe_count
from coupon_core.domain.models import utc_now
from coupon_core.persistence import (
    database,
    diagnostics,
    distribution,
    report_database,
    schema,
)
from coupon_core.persistence.diagnostics import DatabaseStatus
from coupon_core.services import master_keys
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definition_checks
from coupon_core.services.insight import counting
from coupon_core.settings.loader import MASTER_KEY_FILE, Settings, split_keys

MAX_SHOWN_DEFINITIONS = 10
MAX_UNCOUNTED_SECONDS = 60.0
MAX_NODE_SKEW = 2.0  # tenants differ in size, so some skew is normal


def check_database(settings: Settings) -> Findings:
    """Check that the database is up to date, writable, and fits the master key."""
    status, error = diagnostics.check_status()
    if status != DatabaseStatus.READY:
        yield fail("database", status.value, database_status_message(status, error))
        return
    product = diagnostics.describe_product()
    if newer := schema.list_newer_migrations():
        found = f"{product}, newer than this release ({newer[-1]})"
        advice = "Upgrade the programs on this machine to the same release."
        yield warn("database", found, advice)
    else:
        yield ok("database", f"{product}, up to date")
    yield _check_journal_mode(product)
    yield _check_writable()
    # Deadlines and the time zone, if a pooler has dropped them.
    if missing := "; ".join(diagnostics.list_missing_session_settings()):
        advice = f"Set it in the pooler. With PgBouncer: connect_query='{missing}'."
        yield fail("session", f"without {missing}", advice)
    yield _check_secrets()
    yield from _check_backups(settings)
    yield from _check_names()
    yield _check_counts()
    yield from check_nodes()


def _check_journal_mode(product: str) -> Finding:
    if product.startswith("SQLite") and "journal wal" not in product:
        advice = (
            "Move the database to a local disk: without WAL, readers block writers."
        )
        return warn("journal", product, advice)
    return ok("journal", "readers and writers do not block each other")


def _check_writable() -> Finding:
    try:
        diagnostics.check_writable()
    except diagnostics.DATABASE_ERRORS as error:
        advice = database_status_message(DatabaseStatus.READY, error)
        return fail("writing", "not writable", advice)
    return ok("writing", "the database is writable")


def _check_secrets() -> Finding:
    """Check that the master keys decrypt all secrets."""
    try:
        older_count = master_keys.count_secrets_of_older_keys()
    except InvalidToken:
        found = "encrypted with another master key; a backup would be worthless"
        return fail("secrets", found, WRONG_MASTER_KEY_MESSAGE)
    if older_count:
        found = f"the master keys decrypt them, {older_count} of them with an older one"
        advice = "Before you remove the older key: `couponctl db reencrypt`."
        return warn("secrets", found, advice)
    return ok("secrets", "the master key decrypts them")


def _check_backups(settings: Settings) -> Findings:
    """Check that backups of the database can be used without this machine."""
    if not database.is_postgresql():
        yield ok("backup", "`couponctl backup create` copies all of it")
        return
    key_path = settings.data_dir / MASTER_KEY_FILE
    if key_path.exists() and split_keys(key_path.read_text()) == settings.master_keys:
        advice = (
            "Backups of PostgreSQL do not contain it, and are worthless without it. "
            "Store a copy elsewhere, and set COUPON_MASTER_KEYS on all machines."
        )
        yield warn("backup key", f"the master key is in {key_path} only", advice)
    if failure := diagnostics.find_archive_failure():
        advice = (
            "Until it works again, a backup can be recovered up to the last archived "
            "file only, and the disk fills. The log of PostgreSQL says why."
        )
        yield fail("backup", f"archive_command fails: {failure}", advice)
    elif diagnostics.is_archive_enabled():
        yield ok("backup", "no file of the archive is missing")
    else:
        yield ok("backup", "archive_mode is off: no recovery to a point in time")


def _check_names() -> Findings:
    """Report what newer releases would not accept."""
    if tenant_ids := tenants.list_with_reserved_ids():
        advice = (
            "Paths that begin with such an ID lead to other routes. Call the query "
            "gateway without the tenant in the path, and create a new tenant."
        )
        yield warn("tenant ids", ", ".join(tenant_ids), advice)
    if duplicates := definition_checks.find_duplicate_names(MAX_SHOWN_DEFINITIONS):
        found = ", ".join(
            f'"{name}" ({definition_id} of {tenant_id})'
            for tenant_id, definition_id, name in duplicates
        )
        advice = (
            "Another definition has the same name but for outer blanks or composed "
            "characters. Rename one: couponctl definition update."
        )
        yield warn("definition names", found, advice)


def _check_counts() -> Finding:
    """Check that events reach the reports."""
    count, seconds = counting.measure(utc_now())
    found = f"{describe_count(count, 'event')} not counted, oldest {seconds:.1f} s"
    if seconds <= MAX_UNCOUNTED_SECONDS:
        return ok("reports", found)
    advice = (
        "Start the worker that counts them: `couponctl serve workers counter`. "
        "If it runs, its log says why it does not count."
    )
    return warn("reports", found, advice)


def check_nodes() -> Findings:
    """Show the nodes of a distributed database, and how evenly the data is spread."""
    if not distribution.is_distributed():
        return
    if unplaced := distribution.list_unplaced_tables():
        found = f"not distributed: {', '.join(unplaced)}"
        yield fail("tables", found, "Run `couponctl db distribute`.")
    sizes = distribution.measure_nodes()
    average = sum(sizes.values()) / max(len(sizes), 1)
    skew = max(sizes.values(), default=0) / average if average else 1.0
    shares = ", ".join(f"{node} {size // 2**20} MiB" for node, size in sizes.items())
    found = f"{shares or 'none'}; the largest has {skew:.1f} times the average"
    if skew > MAX_NODE_SKEW:
        advice = (
            "Move shards: SELECT citus_rebalance_start(), or isolate a large tenant: "
            "isolate_tenant_to_new_shard."
        )
        yield warn("nodes", found, advice)
    else:
        yield ok("nodes", found)


def check_report_database(settings: Settings) -> Findings:
    """Check that statistics can be read, if they have a database of their own."""
    if not settings.report_database_url:
        return
    try:
        report_database.fetch_report_rows("SELECT count(*) FROM tenant", {})
    except diagnostics.DATABASE_ERRORS as error:
        message = database_status_message(DatabaseStatus.UNUSABLE, error)
        advice = message.replace("COUPON_DATABASE_URL", "COUPON_REPORT_DATABASE_URL")
        yield fail("report database", "statistics are answered with 503", advice)
    else:
        yield ok("report database", "statistics are read from it")
