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

from coupon_core.json_encoding import encode_json
from coupon_core.observability.error_summary import describe_error, stack_frames

JSON, CONSOLE = "json", "console"
FORMATS = (JSON, CONSOLE)
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
STDERR_FD = 2
# Nobody should log one of these. Should somebody do so, it is not shown: API keys,
# secrets, JWTs, signatures, and the password in a URL.
SECRET_PATTERN = re.compile(
    rb"\b(?:pk|ts|ck|whsec)_[A-Za-z0-9_+/=-]{16,}"
    rb"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    rb"|\bhmac-sha256=[0-9A-Fa-f]+"
    rb"|(?<=://)[^\s/@\"]*:[^\s/@\"]+(?=@)"
)
SECRET_PREFIXES = (b"pk_", b"ts_", b"ck_", b"whsec_", b"eyJ", b"hmac-sha256=", b"://")
REDACTED = b"(hidden)"

LogEvent = MutableMapping[str, Any]
_processors: list[Any] = []


class StderrWriter:
    """Writes whole lines: one call each, so that those of processes never mix."""

    def msg(self, line: bytes) -> None:
        """Write it; a stderr that is closed or full is no reason to fail."""
        with suppress(OSError):
            os.write(STDERR_FD, line)

    debug = info = warning = error = critical = msg


def configure(level: str, output_format: str = JSON) -> None:
    """Let this process log what is of this level or above, in that form."""
    # The same list each time: loggers that have been used keep the one they saw.
    _processors[:] = [
        _prepend_standard_fields,
        *(_CONSOLE_PROCESSORS if output_format == CONSOLE else ()),
        _render_line,
    ]
    structlog.configure(
        processors=_processors,
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: StderrWriter(),
        cache_logger_on_first_use=True,
    )
    # Of libraries only warnings: they tell paths, SQL and bodies below. gunicorn has a
    # level of its own.
    logging.basicConfig(
        level=max(LEVELS[level], logging.WARNING),
        handlers=[StructlogHandler()],
        force=True,
    )


def _prepend_standard_fields(_: Any, method: str, event: LogEvent) -> LogEvent:
    """Put first what each line begins with: when, how bad, what."""
    milliseconds = time.time_ns() // 1_000_000
    timestamp = _format_second(milliseconds // 1_000)
    standard_fields = {
        "time": f"{timestamp}.{milliseconds % 1_000:03d}Z",
        "level": method,
        "event": event.pop("event"),
        "pid": os.getpid(),
    }
    return {**standard_fields, **event}


@lru_cache(maxsize=1)
def _format_second(unix_seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(unix_seconds))


def _render_line(_: Any, __: str, event: LogEvent | str) -> bytes:
    line = _encode_event(event)
    # Looking for their beginnings first costs a tenth of looking for all of them.
    if any([prefix in line for prefix in SECRET_PREFIXES]):
        line = SECRET_PATTERN.sub(REDACTED, line)
    return line + b"\n"


def _encode_event(event: LogEvent | str) -> bytes:
    if isinstance(event, str):
        return event.encode("utf-8", "replace")
    return encode_json(event, default=str, errors="replace")


def _format_for_console(_: Any, __: str, event: LogEvent) -> str:
    timestamp, level, text = event.pop("time"), event.pop("level"), event.pop("event")
    details = " ".join(f"{name}={value}" for name, value in event.items())
    return f"{timestamp[11:]} {level:<7} {text}  {details}"


_CONSOLE_PROCESSORS = (_format_for_console,)


class StructlogHandler(logging.Handler):
    """Turns what libraries log into lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; of an error its kind and place, for messages quote values."""
        log = structlog.get_logger("coupon.library")
        details: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            details |= {"error": describe_error(error), "frames": stack_frames(error)}
        method = record.levelname.lower()
        getattr(log, method, log.error)(_redact_library_message(record), **details)


def _redact_library_message(record: logging.LogRecord) -> str:
    """The text, cut before it quotes a request, as gunicorn's for bad ones does."""
    text = str(record.msg)
    for prefix in REQUEST_QUOTING_PREFIXES:
        if text.startswith(prefix):
            return prefix.rstrip(" :=")
    return record.getMessage()


REQUEST_QUOTING_PREFIXES = ("Invalid request from ip=", "Error handling request")
