"""The checks of `couponctl doctor` of what would make a backup worthless."""

from cryptography.fernet import InvalidToken

from admin_gateway.cli.core_errors import WRONG_MASTER_KEY_MESSAGE
from admin_gateway.cli.doctor.findings import Finding, Findings
from coupon_core.persistence import database, diagnostics
from coupon_core.services import master_keys
from coupon_core.settings.loader import MASTER_KEY_FILE, Settings, split_keys


def check_secrets() -> Finding:
    """Check that the master keys decrypt all secrets."""
    try:
        older_count = master_keys.count_secrets_of_older_keys()
    except InvalidToken:
        return Finding(
            "secrets",
            "fail",
            found="encrypted with another master key; a backup would be worthless",
            advice=WRONG_MASTER_KEY_MESSAGE,
        )
    if older_count:
        found = f"the master keys decrypt them, {older_count} of them with an older one"
        advice = "Before you remove the older key: `couponctl db reencrypt`."
        return Finding("secrets", "warn", found, advice)
    return Finding("secrets", "ok", found="the master key decrypts them")


def check_backups(settings: Settings) -> Findings:
    """Check that backups of the database can be used without this machine."""
    if not database.is_postgresql():
        yield Finding("backup", "ok", "`couponctl backup create` copies all of it")
        return
    key_path = settings.data_dir / MASTER_KEY_FILE
    if key_path.exists() and split_keys(key_path.read_text()) == settings.master_keys:
        found = f"the master key is in {key_path} only"
        advice = (
            "Backups of PostgreSQL do not contain it, and are worthless without it. "
            "Store a copy elsewhere, and set COUPON_MASTER_KEYS on all machines."
        )
        yield Finding("backup key", "warn", found, advice)
    if failure := diagnostics.find_archive_failure():
        advice = (
            "Until it works again, a backup can be recovered up to the last archived "
            "file only, and the disk fills. The log of PostgreSQL says why."
        )
        yield Finding("backup", "fail", f"archive_command fails: {failure}", advice)
    elif diagnostics.is_archive_enabled():
        yield Finding("backup", "ok", "no file of the archive is missing")
    else:
        found = "archive_mode is off: no recovery to a point in time"
        yield Finding("backup", "ok", found)
