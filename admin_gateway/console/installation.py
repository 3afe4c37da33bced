"""The health of workers and outbox, in words for the home page and for System."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from admin_gateway.console.formats import format_number
from admin_gateway.console.texts import gettext as _
from admin_gateway.console.texts import ngettext
from coupon_core.observability.heartbeats import list_heartbeats
from coupon_core.services import outbox
from coupon_core.settings.loader import Settings

SETTINGS_EXTENSION = "coupon.console_settings"
# Relay and counter work every second; a minute means that one does not run.
MAX_DELAY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class State:
    """A part of the installation: a word, the kind of its colour, and details."""

    part: str
    kind: str
    word: str
    detail: str = ""


def get_settings() -> Settings:
    """Return the settings of this gateway."""
    settings: Settings = current_app.extensions[SETTINGS_EXTENSION]
    return settings


def check_tenant(
    tenant_id: str, counted_until: datetime | None, now: datetime
) -> Iterator[State]:
    """Yield the health of workers, and of what they do for a tenant."""
    yield check_workers()
    yield describe_delay(_("Events"), outbox.measure_delay(tenant_id, now))
    if counted_until is None:
        yield State(_("Reports"), "warning", _("counting older uses"))
    else:
        yield describe_delay(_("Reports"), (now - counted_until).total_seconds())


def check_workers() -> State:
    """Return whether the workers of this machine are alive."""
    found = list_heartbeats(get_settings().data_dir)
    silent = [f"{each.name} {each.pid}" for each in found if not each.alive]
    if silent:
        return State(_("Workers"), "bad", _("not responding"), ", ".join(silent))
    if not found:
        text = _("None runs on this machine. They may run on another one.")
        return State(_("Workers"), "neutral", _("unknown"), text)
    return State(_("Workers"), "good", _("working"))


def describe_delay(part: str, seconds: float, detail: str = "") -> State:
    """Return whether events reach a part in time."""
    if seconds <= MAX_DELAY_SECONDS:
        return State(part, "good", _("up to date"), detail)
    minutes = int(seconds // 60)
    text = ngettext(
        "The oldest event has been waiting for %(num)s minute.",
        "The oldest event has been waiting for %(num)s minutes.",
        minutes,
    ) % {"num": format_number(minutes)}
    return State(part, "bad", _("late"), f"{text} {detail}".rstrip())
