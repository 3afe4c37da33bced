"""Structured logs: one JSON object per line on stderr, with secrets redacted."""

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
# A second line of defence: API keys, secrets, JWTs, signatures and passwords in URLs
# should never be logged, and are redacted if they are.
SECRET_PATTERN = re.compile(
    rb"\b(?:pk|ts|ck|whsec)_[A-Za-z0-9_+/=-]{16,}"
    rb"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    rb"|\bhmac-sha256=[0-9A-Fa-f]+"
    rb"|(?<=://)[^\s\"]*:[^\s\"]+(?=@)"
    rb"|(?<=password=)[^\s&\"]+"
)
SECRET_PREFIXES = (
    b"pk_",
    b"ts_",
    b"ck_",
    b"whsec_",
    b"eyJ",
    b"hmac-sha256=",
    b"://",
    b"password=",
)
REDACTED = b"(hidden)"

LogEvent = MutableMapping[str, Any]
_processors: list[Any] = []


class StderrWriter:
    """Writes each line with one system call, so that lines of processes do not mix."""

    def msg(self, line: bytes) -> None:
        """Write a line; a stderr that is closed or full must not cause an error."""
        with suppress(OSError):
            os.write(STDERR_FD, line)

    debug = info = warning = error = critical = msg


def configure(level: str, output_format: str = JSON) -> None:
    """Log events of this level and above, in this format, from now on."""
    # Change the list in place: loggers cache the list that they first used.
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
    # Libraries log paths, SQL and bodies below warning level. gunicorn has a level of
    # its own.
    logging.basicConfig(
        level=max(LEVELS[level], logging.WARNING),
        handlers=[StructlogHandler()],
        force=True,
    )


def _prepend_standard_fields(_: Any, method: str, event: LogEvent) -> LogEvent:
    """Put the fields that every line has first: time, level, event and PID."""
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
    # Searching for the prefixes first costs a tenth of searching for the pattern.
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
    """Converts log records of libraries into structured lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record.

        Errors are logged by type and frames, because their messages quote values.
        """
        log = structlog.get_logger("coupon.library")
        details: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            details |= {"error": describe_error(error), "frames": stack_frames(error)}
        method = record.levelname.lower()
        getattr(log, method, log.error)(_redact_library_message(record), **details)


def _redact_library_message(record: logging.LogRecord) -> str:
    """Return the message up to the point where it quotes a request.

    gunicorn quotes requests that it cannot parse.
    """
    text = str(record.msg)
    for prefix in REQUEST_QUOTING_PREFIXES:
        if text.startswith(prefix):
            return prefix.rstrip(" :=")
    return record.getMessage()


REQUEST_QUOTING_PREFIXES = ("Invalid request from ip=", "Error handling request")
