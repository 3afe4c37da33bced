"""Forms with a file: received on disk, at most two at a time in a process."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, TypeVar

from flask import current_app, g, request
from marshmallow import ValidationError
from werkzeug.datastructures import FileStorage

from admin_gateway.console.forms import Form
from admin_gateway.console.texts import N_, gettext
from coupon_core.schemas.csv_decoding import ENCODINGS
from coupon_core.schemas.csv_options import CsvHints, CsvOptions
from coupon_core.schemas.errors import ApiError
from coupon_core.web.blueprint import limit_body
from coupon_core.web.body_admission import require_body
from coupon_core.web.idempotency import multi_transaction
from coupon_core.web.idempotency_keys import KEY_ENVIRON_KEY
from coupon_core.web.request_body import (
    get_body_limit,
    parse_content_length,
)
from coupon_core.web.request_stream import READ_SIZE_BYTES
from coupon_core.web.slow_requests import slow_request

View = TypeVar("View", bound=Callable[..., Any])

FILE_FIELD = "file"
FILE_MARK = "_receives_file"
MAX_UPLOADS = 2
MAX_FIELD_BYTES = 4_194_304  # in memory, for example lines that were pasted
RETRY_AFTER_SECONDS = 30
TOO_MANY = N_(
    "Two files are being received already. Go back, wait half a minute, and submit the "
    "form again."
)
ENCODING_OPTIONS = (
    ("utf-8", N_("UTF-8 or UTF-16 (most programs)")),
    ("windows-1252", N_("Windows-1252 (Excel: CSV)")),
)
FORM_HINTS = CsvHints(
    encoding='choose the encoding "Windows-1252"',
    no_header='tick "The first line is not a heading" for a file without headings',
    ignore_columns='name columns to leave out in "Columns to leave out"',
)
_slots = threading.BoundedSemaphore(MAX_UPLOADS)


def receive_file(max_bytes: int) -> Callable[[View], View]:
    """Mark a view of a form that may have a file, with the limit of its body."""

    def mark(view: View) -> View:
        setattr(view, FILE_MARK, True)
        return slow_request(multi_transaction(limit_body(max_bytes)(view)))

    return mark


def is_upload() -> bool:
    """Return True if the form of the request may have a file."""
    view = current_app.view_functions[request.endpoint or ""]
    return getattr(view, FILE_MARK, False)


def receive_form() -> None:
    """Receive a form with its file, which stays on disk.

    The session and the role have been checked: the server asks for the body only now.

    Raises:
        ApiError: 503 while two others are received; 413 above the limit of the route.
    """
    if not _slots.acquire(blocking=False):
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        raise ApiError(503, "UNAVAILABLE", message=TOO_MANY, headers=headers)
    g.has_upload_slot = True
    limit = get_body_limit(request)
    parse_content_length(request.environ, limit)
    require_body(request.environ, limit)
    request.max_content_length = limit
    request.max_form_memory_size = MAX_FIELD_BYTES
    request.form  # noqa: B018 - parses the body, also into `request.files`


def pass_on_file() -> None:
    """Let the idempotency check compare the file, and the key stand for the fields.

    A browser that submits a form again separates its parts in another way, so the
    bodies differ although the form is the same.
    """
    if is_upload():
        fields = repr(sorted(request.form.items(multi=True)))
        key = hashlib.sha256(fields.encode()).hexdigest()
        upload = find_file()
        stream = upload.stream if upload else BytesIO()
        length = stream.seek(0, 2)
        stream.seek(0)
        request.environ |= {
            KEY_ENVIRON_KEY: key,
            "wsgi.input": stream,
            "CONTENT_LENGTH": str(length),
        }


def end_upload(_: BaseException | None = None) -> None:
    """Let the next upload begin; runs at the end of every request."""
    if g.pop("has_upload_slot", False):
        _slots.release()


def find_file() -> FileStorage | None:
    """Return the file that was chosen in the form, if any."""
    upload = request.files.get(FILE_FIELD)
    return upload if upload and upload.filename else None


def read_pieces(upload: FileStorage) -> Iterator[bytes]:
    """Yield the content of a file in pieces."""
    upload.stream.seek(0)
    while piece := upload.stream.read(READ_SIZE_BYTES):
        yield piece


def read_csv_options(form: Form, ignored_columns: frozenset[str]) -> CsvOptions:
    """Return what the form says about its file.

    Raises:
        ValidationError: The encoding is unknown.
    """
    encoding = form.value("encoding") or "utf-8"
    if encoding not in ENCODINGS:
        raise ValidationError({"encoding": [gettext("Choose one of the encodings.")]})
    has_header = "no_header" not in form.entered
    return CsvOptions(ENCODINGS[encoding], has_header, ignored_columns, FORM_HINTS)


def require_file() -> FileStorage:
    """Return the file that was chosen in the form.

    Raises:
        ValidationError: There is none.
    """
    upload = find_file()
    if upload is None:
        raise ValidationError({FILE_FIELD: [gettext("Choose a file.")]})
    return upload


def mark_file(form: Form) -> None:
    """Say at the field of the file that lines of it are wrong."""
    if any(name.startswith("line ") for name in form.errors):
        form.errors[FILE_FIELD] = gettext("Some lines are wrong: see the list.")
