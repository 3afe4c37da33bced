"""Logs: a line a thing that happened, as JSON on stderr, without secrets in any."""

import logging
import os
import re
import time
from collections.abc import MutableMapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

import structlog

from coupon_core.json_encoding import json_bytes
from coupon_core.observability.error_summary import frames_of, kind_of

JSON, CONSOLE = "json", "console"
FORMATS = (JSON, CONSOLE)
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
STDERR = 2
# Nobody should log one of these. Should somebody do so, it is not shown: API keys,
# secrets, JWTs, signatures, and the password in a URL.
SECRET = re.compile(
    rb"\b(?:pk|ts|ck|whsec)_[A-Za-z0-9_+/=-]{16,}"
    rb"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    rb"|\bhmac-sha256=[0-9A-Fa-f]+"
    rb"|(?<=://)[^\s/@\"]*:[^\s/@\"]+(?=@)"
)
BEGINNINGS = (b"pk_", b"ts_", b"ck_", b"whsec_", b"eyJ", b"hmac-sha256=", b"://")
HIDDEN = b"(hidden)"

Event = MutableMapping[str, Any]
_processors: list[Any] = []


class Stderr:
    """Writes whole lines: one call each, so that those of processes never mix."""

    def msg(self, line: bytes) -> None:
        """Write it; a stderr that is closed or full is no reason to fail."""
        with suppress(OSError):
            os.write(STDERR, line)

    debug = info = warning = error = critical = msg


def configure(level: str, form: str = JSON) -> None:
    """Let this process log what is of this level or above, in that form."""
    # The same list each time: loggers that have been used keep the one they saw.
    _processors[:] = [_noted, *(_PRETTY if form == CONSOLE else ()), _line]
    structlog.configure(
        processors=_processors,
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: Stderr(),
        cache_logger_on_first_use=True,
    )
    # Of libraries only warnings: they tell paths, SQL and bodies below. gunicorn has a
    # level of its own.
    logging.basicConfig(
        level=max(LEVELS[level], logging.WARNING), handlers=[Handler()], force=True
    )


def _noted(_: Any, method: str, event: Event) -> Event:
    """Put first what each line begins with: when, how bad, what."""
    milliseconds = time.time_ns() // 1_000_000
    second = _second(milliseconds // 1_000)
    head = {
        "time": f"{second}.{milliseconds % 1_000:03d}Z",
        "level": method,
        "event": event.pop("event"),
        "pid": os.getpid(),
    }
    return {**head, **event}


@lru_cache(maxsize=1)
def _second(number: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(number))


def _line(_: Any, __: str, event: Event | str) -> bytes:
    line = _bytes_of(event)
    # Looking for their beginnings first costs a tenth of looking for all of them.
    if any([begin in line for begin in BEGINNINGS]):
        line = SECRET.sub(HIDDEN, line)
    return line + b"\n"


def _bytes_of(event: Event | str) -> bytes:
    if isinstance(event, str):
        return event.encode("utf-8", "replace")
    return json_bytes(event, default=str, errors="replace")


def _for_people(_: Any, __: str, event: Event) -> str:
    moment, level, text = event.pop("time"), event.pop("level"), event.pop("event")
    rest = " ".join(f"{name}={value}" for name, value in event.items())
    return f"{moment[11:]} {level:<7} {text}  {rest}"


_PRETTY = (_for_people,)


class Handler(logging.Handler):
    """Turns what libraries log into lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; of an error its kind and place, for messages quote values."""
        log = structlog.get_logger("coupon.library")
        more: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            more |= {"error": kind_of(error), "frames": frames_of(error)}
        method = record.levelname.lower()
        getattr(log, method, log.error)(_text_of(record), **more)


def _text_of(record: logging.LogRecord) -> str:
    """The text, cut before it quotes a request, as gunicorn's for bad ones does."""
    text = str(record.msg)
    for start in QUOTING:
        if text.startswith(start):
            return start.rstrip(" :=")
    return record.getMessage()


QUOTING = ("Invalid request from ip=", "Error handling request")
