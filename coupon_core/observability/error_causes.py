"""Plain words and advice for the ways in which a database or a broker fails.

Drivers report most failures of a connection only as text, and quote values in it. The
words here are safe to log.
"""

import re
from dataclasses import dataclass

MAX_CHAIN_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of errors: what happened, and what to do about it.

    `codes` are SQLSTATEs, and beginnings of the names of SQLite's result codes.
    `pattern` matches the text of errors that have no code.
    """

    words: str
    advice: str
    codes: tuple[str, ...] = ()
    pattern: str | None = None


SCHEMA_MISMATCH = Cause(
    "a table or column is missing",
    "Run `couponctl db upgrade`.",
    codes=("42P01", "42703"),
    pattern=r"no such (table|column)|has no column named",
)
ACCESS_REFUSED = Cause(
    "the server refuses the user or the password",
    "Correct user and password in the URL, or allow this user in the settings of the "
    "server.",
    codes=("28P01", "28000"),
    pattern=r"password|authentication|pg_hba\.conf|authenticated|NOAUTH|WRONGPASS|ACCESS_REFUSED"
    r'|role "[^"]*" (does not exist|is not permitted)',
)
CAUSES = (
    SCHEMA_MISMATCH,
    ACCESS_REFUSED,
    Cause(
        "the disk is full",
        "Free disk space.",
        codes=("53100", "SQLITE_FULL"),
        pattern="No space left on device",
    ),
    Cause(
        "the database does not exist",
        "Create it, for example with `createdb`, or correct its name in "
        "COUPON_DATABASE_URL.",
        codes=("3D000",),
        pattern=r'database "[^"]*" does not exist',
    ),
    Cause(
        "permission denied",
        "Use the owner of the tables in COUPON_DATABASE_URL, or let the owner grant "
        "this user the missing right: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL "
        "TABLES IN SCHEMA public. The first `couponctl db upgrade` needs GRANT CREATE "
        "ON SCHEMA public; only the owner of the tables can run later ones.",
        codes=("42501", "SQLITE_PERM", "SQLITE_AUTH"),
    ),
    Cause(
        "the server accepts no more connections",
        "Lower COUPON_DATABASE_POOL or the number of processes, or raise the limit of "
        "the server.",
        codes=("53300",),
        pattern="too many (clients|connections)|connection slots are reserved",
    ),
    Cause(
        "all connections of this process are in use",
        "Raise COUPON_DATABASE_POOL, or start more processes.",
        pattern="Max connections exceeded",
    ),
    Cause(
        "the server is starting or stopping",
        "Wait a moment.",
        codes=("57P0",),
        pattern="the database system is (starting|shutting|not yet|in recovery)",
    ),
    Cause(
        "the database is read-only",
        "Use the primary server, or grant this user write permission for the file and "
        "its directory.",
        codes=("25006", "SQLITE_READONLY"),
    ),
    Cause(
        "the host name is unknown",
        "Correct the host in the URL, or the name service.",
        pattern="failed to resolve host|translate host name|Name or service not known"
        "|nodename nor servname|name resolution",
    ),
    Cause(
        "no secure connection is possible",
        "Correct the TLS options of the URL, or the certificate of the server.",
        pattern=r"\bSSL|certificate",
    ),
    Cause(
        "no server accepts connections at its address",
        "Start it, or correct host and port in the URL.",
        pattern="Connection refused|Is the server running",
    ),
    Cause(
        "the server does not respond",
        "Check that it runs, and that no firewall is in between.",
        codes=("57014",),
        pattern="(?i)time(d )?out|did not respond|No route to host|unreachable",
    ),
    Cause(
        "the connection was lost",
        "Check whether the server was restarted.",
        codes=("08",),
        pattern="(?i)connection (is closed|reset|closed|was lost|not open)"
        "|closed the connection|lost synchronization|broken pipe",
    ),
    Cause(
        "another program holds the lock of the database",
        "End the other program, or try again later.",
        codes=("55P03", "SQLITE_BUSY", "SQLITE_LOCKED"),
        pattern="busy with other writers",
    ),
    Cause(
        "a lock file cannot be used",
        "Run all programs as one user, to whom the directory of the database belongs.",
        pattern="the lock file .* cannot be used",
    ),
    Cause(
        "the file cannot be opened",
        "Correct the path in COUPON_DATABASE_URL, or grant this user permission for "
        "the file and its directory.",
        codes=("SQLITE_CANTOPEN",),
    ),
    Cause(
        "the file is damaged or not a database",
        "Correct the path in COUPON_DATABASE_URL, or restore the file from a backup.",
        codes=("SQLITE_NOTADB", "SQLITE_CORRUPT"),
    ),
    Cause(
        "the file cannot be read or written",
        "Check that the disk has free space, and the log of the operating system.",
        codes=("SQLITE_IOERR",),
    ),
)


def find_cause(error: BaseException | None) -> Cause | None:
    """Return the cause of an error, from its code or else its text, or None."""
    for link in list_chain(error):
        driver_error = getattr(link, "orig", None) or link
        code = getattr(driver_error, "sqlstate", None) or getattr(
            driver_error, "sqlite_errorname", None
        )
        if code in (None, "SQLITE_ERROR"):
            code = ""
        for cause in CAUSES:
            if _matches(cause, code, str(driver_error)):
                return cause
    return None


def _matches(cause: Cause, code: str, text: str) -> bool:
    # An error with a code may quote anything in its text.
    if code:
        return code.startswith(cause.codes)
    return bool(cause.pattern and re.search(cause.pattern, text))


def list_chain(error: BaseException | None) -> list[BaseException]:
    """Return an error and the errors that led to it, the outermost first."""
    chain: list[BaseException] = []
    while error and len(chain) < MAX_CHAIN_LENGTH:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain
