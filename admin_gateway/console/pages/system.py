"""The installation: versions, queues, workers, migrations, and settings."""

import sys
from collections.abc import Iterator, Sequence

from flask.typing import ResponseReturnValue

from admin_gateway.console.formats import format_number
from admin_gateway.console.installation import (
    State,
    describe_delay,
    get_settings,
)
from admin_gateway.console.page import Page
from admin_gateway.console.tables import Column, read_by_offset, respond_with_table
from admin_gateway.console.texts import N_, ngettext
from admin_gateway.console.texts import gettext as _
from coupon_core.domain.models import Page as ListPage
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.url_redaction import remove_credentials
from coupon_core.observability.heartbeats import list_heartbeats
from coupon_core.release import RELEASE
from coupon_core.services import installation, outbox
from coupon_core.services.insight import counting
from coupon_core.settings.descriptions import describe_settings

page = Page("system", title=N_("System"), path="/system", group=N_("Access"), key="y")
STATE_COLUMNS = (
    Column("part", N_("Part"), lambda row: row.part),
    Column("state", N_("State"), lambda row: row.word),
    Column("detail", N_("Details"), lambda row: row.detail),
)
MIGRATION_COLUMNS = (
    Column("migration", N_("Migration"), lambda row: row[0]),
    Column("applied", N_("State"), lambda row: row[1]),
)
SETTING_COLUMNS = (
    Column("name", N_("Name"), lambda row: row[0]),
    Column("value", N_("Value"), lambda row: row[1]),
    Column("meaning", N_("Meaning"), lambda row: row[2]),
)


def _respond(
    view: str, columns: Sequence[Column], rows: Sequence[object]
) -> ResponseReturnValue:
    def list_rows(part: ListPage) -> tuple[Sequence[object], int]:
        return rows[part.offset : part.offset + part.limit], len(rows)

    return respond_with_table(f"system/{view}.html", columns, read_by_offset(list_rows))


# It shows the whole installation, so it needs the scope that only owners have.
@page.view("", scope=Scope.KEYS)
def index() -> ResponseReturnValue:
    """Show versions, and the state of the database, the bus and the workers."""
    rows = [*_list_versions(), *_list_delays(), *_list_queues(), *_list_workers()]
    return _respond("index", STATE_COLUMNS, rows)


@page.view("/migrations", scope=Scope.KEYS)
def list_migrations() -> ResponseReturnValue:
    """List the migrations of the database, newest first."""
    return _respond("migrations", MIGRATION_COLUMNS, [*installation.list_migrations()])


@page.view("/settings", scope=Scope.KEYS)
def list_settings() -> ResponseReturnValue:
    """List the settings of this gateway, without secrets."""
    return _respond("settings", SETTING_COLUMNS, [*describe_settings(get_settings())])


def _list_versions() -> Iterator[State]:
    yield State(_("Program"), "neutral", RELEASE)
    yield State("Python", "neutral", sys.version.split()[0])
    migrations = installation.list_migrations()
    is_applied = all(applied for _name, applied in migrations)
    yield State(
        _("Database"),
        "good" if is_applied else "bad",
        _("up to date") if is_applied else _("outdated"),
        f"{installation.describe_database()}, {migrations[0][0]}",
    )


def _list_delays() -> Iterator[State]:
    measured = (
        (_("Events"), outbox.measure_backlog),
        (_("Reports"), counting.measure),
    )
    for part, measure in measured:
        count, seconds = measure(utc_now())
        detail = _("%(count)s waiting") % {"count": count}
        yield describe_delay(part, seconds, detail)


def _list_queues() -> Iterator[State]:
    url = get_settings().broker_url
    queues, problem = installation.measure_queues(url)
    if problem:
        yield State(_("Message bus"), "bad", _("not reachable"), problem)
        return
    yield State(_("Message bus"), "good", _("connected"), remove_credentials(url))
    for queue in queues:
        detail = _("%(count)s waiting") % {"count": queue.messages}
        yield State(queue.name, "good", _("connected"), detail)


def _list_workers() -> Iterator[State]:
    for each in list_heartbeats(get_settings().data_dir):
        seconds = round(each.seconds_ago)
        detail = ngettext(
            "last sign of life %(num)s second ago",
            "last sign of life %(num)s seconds ago",
            seconds,
        ) % {"num": format_number(seconds)}
        kind, word = (
            ("good", _("working")) if each.alive else ("bad", _("not responding"))
        )
        part = _("Worker %(name)s") % {"name": f"{each.name} {each.pid}"}
        yield State(part, kind, word, detail)
