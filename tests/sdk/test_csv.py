"""CSV files that are sent and received in parts."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons_sdk import ConfigurationError, ConnectionFailed, retries
from coupons_sdk.streams import RowReader
from tests.sdk.clients import BOTH_ADMIN, Run, run_async_admin, run_sync_admin
from tests.sdk.scripted_server import (
    answer,
    cut,
    cut_in_the_middle,
    refuse,
    scripted_server,
)

TEXT = "code,user_id\nSAVE10,ann\n"
JOB = {
    **{"job_id": "1", "kind": "import", "state": "completed", "definition_id": "2"},
    **{"batch_id": None, "user_id": None, "expires_at": None, "by": None, "total": 1},
    **{"done": 1, "skipped": 0, "skipped_reasons": {}, "finished_at": None},
    **{"created_at": "2026-05-04T12:00:00Z", "updated_at": "2026-05-04T12:00:00Z"},
    **{"rejected": 0, "bad_rows": []},
}
OK = answer(201, JOB)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.0)


def generate_chunks() -> Iterator[bytes]:
    """Yield the file in parts, once."""
    yield from (b"code,user_id\n", b"SAVE10,ann\n")


def import_csv(source: Any) -> Any:
    return lambda client: client.codes.import_csv("d1", source, skip_used=True)


@BOTH_ADMIN
@pytest.mark.parametrize("kind", ["text", "bytes", "path", "file", "list"])
def test_a_file_is_sent_again_as_a_whole(run: Run, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(TEXT)
    with path.open("rb") as file, scripted_server(cut, OK) as server:
        sources = {
            **{"text": TEXT, "bytes": TEXT.encode(), "path": path, "file": file},
            "list": [*generate_chunks()],
        }
        assert run(server.url, import_csv(sources[kind])).done == 1
    assert [request.body for request in server.received] == [TEXT.encode()] * 2
    request = server.received[0]
    assert request.headers["content-type"] == "text/csv; charset=utf-8"
    assert request.target.endswith("/coupons/d1/import?skip_used=true")


def test_a_file_without_a_heading_line_says_so() -> None:
    kind = "text/csv; header=absent"
    with scripted_server(OK) as server:
        run_sync_admin(
            server.url,
            lambda client: client.codes.import_csv("d1", "A\n", content_type=kind),
        )
    assert server.received[0].headers["content-type"] == kind


@BOTH_ADMIN
def test_what_can_be_read_only_once_is_not_sent_again(run: Run) -> None:
    with scripted_server(refuse(503, "UNAVAILABLE"), OK) as server:
        with pytest.raises(Exception, match="503"):
            run(server.url, import_csv(generate_chunks()))
        assert [request.body for request in server.received] == [TEXT.encode()]


def test_a_file_that_was_opened_as_text_is_refused() -> None:
    with (
        scripted_server(OK) as server,
        pytest.raises(ConfigurationError, match='"rb"'),
    ):
        run_sync_admin(server.url, import_csv(io.StringIO(TEXT)))


def test_a_download_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    with scripted_server(answer(200, TEXT)) as server:
        run_sync_admin(server.url, lambda client: client.codes.export().save(path))
    assert path.read_text() == TEXT
    assert server.received[0].headers["accept"] == "text/csv"


def test_a_download_is_saved_asynchronously(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    with scripted_server(answer(200, TEXT)) as server:
        run_async_admin(server.url, lambda client: client.codes.export().save(path))
    assert path.read_text() == TEXT


def save_to(path: Path) -> Callable[[Any], Any]:
    return lambda client: client.codes.export().save(path)


@BOTH_ADMIN
@pytest.mark.parametrize("before", ["yesterday", None], ids=["replaced", "new"])
def test_a_download_that_breaks_off_leaves_no_part_of_a_file(
    run: Any, before: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "codes.csv"
    if before:
        path.write_text(before)
    with scripted_server(cut_in_the_middle) as server, pytest.raises(ConnectionFailed):
        run(server.url, save_to(path))
    found = {each.name: each.read_text() for each in tmp_path.iterdir()}
    assert found == ({"codes.csv": before} if before else {})


def test_a_saved_download_keeps_what_the_path_is(tmp_path: Path) -> None:
    path, link = tmp_path / "codes.csv", tmp_path / "link.csv"
    path.touch()
    path.chmod(0o640)
    link.symlink_to(path)
    with scripted_server(answer(200, TEXT)) as server:
        run_sync_admin(server.url, save_to(link))
        run_sync_admin(server.url, save_to(Path("/dev/null")))
    assert link.is_symlink()
    assert (path.read_text(), path.stat().st_mode & 0o777) == (TEXT, 0o640)
    assert not Path("/dev/null").is_file()


def test_a_download_that_breaks_off_is_an_error_and_not_the_end() -> None:
    with scripted_server(cut_in_the_middle) as server, pytest.raises(ConnectionFailed):
        run_sync_admin(server.url, lambda client: list(client.codes.export()))


def test_a_refused_download_is_an_error() -> None:
    with (
        scripted_server(refuse(403, "SCOPE_MISSING")) as server,
        pytest.raises(Exception, match="SCOPE_MISSING"),
    ):
        run_sync_admin(server.url, lambda client: list(client.codes.export().rows()))


CELLS = st.text(st.sampled_from('a,"\nü\u2028 '), max_size=5)


@given(
    st.lists(st.tuples(CELLS, CELLS), max_size=5),
    st.lists(st.integers(1, 40), max_size=4),
)
def test_rows_do_not_depend_on_how_a_file_is_cut(
    rows: list[tuple[str, str]], cuts: list[int]
) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([("code", "user"), *rows])
    content = file.getvalue().encode()
    places = [0, *sorted(cuts), len(content)]
    chunks = [content[a:b] for a, b in pairwise(places)]
    reader = RowReader("GET /v1/codes", 100)
    read = [row for chunk in chunks for row in reader.read(chunk)]
    read += reader.read(b"", is_last=True)
    assert read == [{"code": code, "user": user} for code, user in rows]
