"""Test the settings: defaults, files, error reports and the stored master key."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from coupon_core import gunicorn_conf
from coupon_core.security import encryption
from coupon_core.security.encryption import generate_master_key
from coupon_core.settings import loader
from coupon_core.settings.loader import InvalidSettings
from tests.support.concurrency import process_context

Environment = Callable[..., loader.Settings]
EVERY_INTERFACE = "0.0.0.0"  # noqa: S104


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Environment:
    """Return a function that loads settings from an otherwise empty environment."""
    for name in list(os.environ):
        if name.startswith("COUPON_") or name.endswith("_PORT"):
            monkeypatch.delenv(name)

    def load_with(**variables: Any) -> loader.Settings:
        defaults = {"COUPON_DATA_DIR": str(tmp_path / "var")}
        for name, value in (defaults | variables).items():
            monkeypatch.setenv(name, str(value))
        return loader.load()

    return load_with


def test_without_settings_everything_is_in_the_data_directory(
    load: Environment, tmp_path: Path
) -> None:
    settings = load()
    assert settings.data_dir == tmp_path / "var"
    assert settings.database_url == f"sqlite:///{tmp_path}/var/coupons.db"
    assert (settings.admin_port, settings.query_port) == (8001, 8002)


def test_the_data_directory_is_absolute(
    load: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(COUPON_DATA_DIR="here").data_dir == tmp_path / "here"


@pytest.mark.parametrize("end", ["", "\n", " \n"])
def test_secrets_may_be_in_files(load: Environment, tmp_path: Path, end: str) -> None:
    key, url = generate_master_key(), "postgresql://u:p@host/name"
    (tmp_path / "key").write_text(key + end)
    (tmp_path / "url").write_text(url + end)
    settings = load(
        COUPON_MASTER_KEYS_FILE=tmp_path / "key",
        COUPON_DATABASE_URL_FILE=tmp_path / "url",
    )
    assert (settings.master_keys, settings.database_url) == ((key,), url)


def test_a_file_that_is_not_there_is_told(load: Environment, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as caught:
        load(COUPON_MASTER_KEYS_FILE=tmp_path / "nowhere")
    assert str(caught.value) == (
        "The value of COUPON_MASTER_KEYS_FILE must be a readable file path. "
        f"{tmp_path}/nowhere cannot be used: No such file or directory."
    )


def test_variables_of_other_programs_are_no_misspelt_settings(
    load: Environment,
) -> None:
    load(DB_PORT="1", PORT="2", ADMIN_PORT_8001_TCP="3", ADMIN_PORTAL="4")
    assert not loader.describe_unknown_variables()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ADMIN_PORT", "abc", 'ADMIN_PORT "abc": Not a valid integer.'),
        (
            "ADMIN_PORT",
            "70000",
            'ADMIN_PORT "70000": expected an integer of 1 to 65535',
        ),
        ("COUPON_DEMO", "maybe", 'COUPON_DEMO "maybe": expected 1 or 0'),
        (
            "COUPON_LOG_FORMAT",
            "xml",
            'COUPON_LOG_FORMAT "xml": expected one of json, console',
        ),
        (
            "COUPON_REDIS_URL",
            "ftp://:hunter2@host",
            "COUPON_REDIS_URL: expected a URL that begins with one of redis://, "
            "rediss://, sentinel://, unix://, memory://",
        ),
    ],
)
def test_an_error_names_the_value_and_what_was_expected(
    load: Environment, name: str, value: str, expected: str
) -> None:
    with pytest.raises(InvalidSettings) as caught:
        load(**{name: value})
    assert str(caught.value) == expected


def test_a_data_directory_of_another_user_is_refused_with_advice(
    load: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    load()
    password = tmp_path / "var" / "bus.password"
    password.chmod(0)
    if os.geteuid() == 0:  # permissions do not apply to root
        monkeypatch.setattr(Path, "read_text", _refuse_to_read)
    with pytest.raises(InvalidSettings) as caught:
        load()
    assert str(caught.value) == (
        f"COUPON_DATA_DIR: {password} cannot be used: Permission denied. Run this as "
        "the user to whom the directory belongs, or choose another directory."
    )


def _refuse_to_read(path: Path) -> str:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def test_a_full_disk_is_named_without_a_file(
    load: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = os.strerror(errno.ENOSPC)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, words)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InvalidSettings, match=f"^COUPON_DATA_DIR: {words}$"):
        load()


def test_all_errors_are_told_at_once(load: Environment) -> None:
    invalid_values = {
        "ADMIN_PORT": "70000",
        "QUERY_PORT": "http",
        "COUPON_DATABASE_POOL": "0",
        "COUPON_LOG_LEVEL": "loud",
        "COUPON_WEBHOOK_NETWORKS": "intranet",
    }
    with pytest.raises(InvalidSettings) as caught:
        load(**invalid_values)
    for name in invalid_values:
        assert name in str(caught.value)


def test_master_keys_keep_their_order(load: Environment) -> None:
    keys = generate_master_key(), generate_master_key()
    assert load(COUPON_MASTER_KEYS=" , ".join(keys)).master_keys == keys


@pytest.mark.parametrize("keys", ["short", "{good},short", "é"])
def test_what_is_no_master_key_is_told_but_not_shown(
    load: Environment, keys: str
) -> None:
    good = generate_master_key()
    with pytest.raises(InvalidSettings, match="COUPON_MASTER_KEYS") as caught:
        load(COUPON_MASTER_KEYS=keys.format(good=good))
    assert good not in str(caught.value)


def test_secrets_are_not_in_the_representation(load: Environment) -> None:
    key = generate_master_key()
    settings = load(COUPON_MASTER_KEYS=key)
    assert key not in repr(settings)
    assert key not in repr(loader.describe_settings(settings))


@pytest.mark.parametrize(
    ("issuer", "client_id", "expected"),
    [
        ("http://login.example", "coupons", "begins with https://"),
        ("login.example", "coupons", "expected a URL"),
        ("https://login.example", "", "COUPON_OIDC_CLIENT_ID: expected the ID"),
    ],
)
def test_a_provider_has_tls_and_a_client(
    load: Environment, issuer: str, client_id: str, expected: str
) -> None:
    with pytest.raises(InvalidSettings, match=expected):
        load(COUPON_OIDC_ISSUER=issuer, COUPON_OIDC_CLIENT_ID=client_id)


def test_the_secret_of_the_client_is_not_shown(load: Environment) -> None:
    settings = load(COUPON_OIDC_CLIENT_SECRET="hunter2")
    assert settings.oidc_client_secret == "hunter2"
    assert "hunter2" not in repr(settings) + repr(loader.describe_settings(settings))


def test_a_password_is_not_in_the_description(load: Environment) -> None:
    settings = load(COUPON_DATABASE_URL="postgresql://me:hunter2@host/name")
    assert "hunter2" not in repr(loader.describe_settings(settings))
    assert "me" in repr(loader.describe_settings(settings))


@pytest.mark.parametrize(
    ("name", "url"),
    [
        (
            "COUPON_DATABASE_URL",
            "postgresql://u:hunter2@h1:5432,h2:5433/db?target_session_attrs=read-write",
        ),
        ("COUPON_BROKER_URL", "amqp://u:hunter2@h1:5672//;amqp://u:hunter2@h2:5672//"),
        ("COUPON_BROKER_URL", "sentinel://:hunter2@h1/0?master_name=a;sentinel://h2"),
        ("COUPON_REDIS_URL", "sentinel://h1?master_name=a&sentinel_password=hunter2"),
        (
            "COUPON_REPORT_DATABASE_URL",
            "postgresql://u:hunter2@h1,h2/db?target_session_attrs=prefer-standby",
        ),
    ],
)
def test_several_hosts_are_kept_as_given_and_shown_without_the_password(
    load: Environment, name: str, url: str
) -> None:
    settings = load(**{name: url})
    assert getattr(settings, name.removeprefix("COUPON_").lower()) == url
    assert "hunter2" not in repr(loader.describe_settings(settings))


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("COUPON_BROKER_URL", "redis://:hunter2@h1;redis://h2", "several URLs"),
        ("COUPON_BROKER_URL", "amqp://u:hunter2@h1;redis://h2", "several URLs"),
        ("COUPON_BROKER_URL", "sentinel://:hunter2@h1:26379/0", "master_name is miss"),
        ("COUPON_BROKER_URL", "SENTINEL://:hunter2@h1", "master_name is missing"),
        ("COUPON_BROKER_URL", "sentinel://h1?master_name=", "master_name is missing"),
        ("COUPON_BROKER_URL", "sentinel://h1?master_name=a;", '"a;" is not a name'),
        ("COUPON_BROKER_URL", "sentinel://h1,h2?master_name=a", '"h1,h2", is not host'),
        ("COUPON_BROKER_URL", "sentinel://?master_name=a", 'URL 1, "", is not host'),
        (
            "COUPON_BROKER_URL",
            "sentinel://h:0?master_name=a",
            '"h:0", is not host:port',
        ),
        ("COUPON_BROKER_URL", "sentinel://h:65536?master_name=a", "is not host:port"),
        (
            "COUPON_BROKER_URL",
            "sentinel://h/-1?master_name=a",
            '"/-1" is not a database',
        ),
        (
            "COUPON_BROKER_URL",
            "sentinel://h?master_name=a&sentinal_password=hunter2",
            '"sentinal_password" is not a parameter',
        ),
        (
            "COUPON_REDIS_URL",
            "sentinel://:hunter2@h1?master_name=a;sentinel://h2?master_name=b",
            "a later URL contains more than an address",
        ),
        ("COUPON_BROKER_URL", "amqp://h1//;amqp://u:hun@ter2/h2@h", "percent-encoded"),
        (
            "COUPON_REDIS_URL",
            "sentinel://h1:port?master_name=a",
            '"h1:port", is not host:port',
        ),
        ("COUPON_REPORT_DATABASE_URL", "sqlite:///hunter2.db", "expected a replica"),
        ("COUPON_REPORT_DATABASE_URL", "postgresql://a,b:x/c", 'port "x" is not a num'),
        ("COUPON_DATABASE_URL", "postgresql://a:1,b:65536/c", 'port "65536" is not a'),
        ("COUPON_DATABASE_URL", "postgresql://a:0/c", 'port "0" is not a number'),
        ("COUPON_DATABASE_URL", "postgresql://u:hunter2@a,,b/c", "a host is missing"),
        ("COUPON_DATABASE_URL", "postgresql://a,b/c?port=1,2,3", "3 ports .* 2 hosts"),
        ("COUPON_DATABASE_URL", "postgresql://u:hunter2@[::1]x/c", "expected postgres"),
        (
            "COUPON_DATABASE_URL",
            "postgresql://u:hunter2@a,b/c?target_session_attr=any",
            '"target_session_attr" is not a parameter',
        ),
        (
            "COUPON_DATABASE_URL",
            "postgresql://u:hunter2@a,b/c?target_session_attrs=readwrite",
            "target_session_attrs: expected one of any, read-write",
        ),
    ],
)
def test_hosts_that_form_no_cluster_are_refused(
    load: Environment, name: str, url: str, expected: str
) -> None:
    with pytest.raises(InvalidSettings, match=f"{name}: .*{expected}") as caught:
        load(**{name: url})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://host/name", "sqlite:///", "host"])
def test_a_bad_database_url_is_told_by_its_name(load: Environment, url: str) -> None:
    with pytest.raises(InvalidSettings, match="COUPON_DATABASE_URL"):
        load(COUPON_DATABASE_URL=url)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("COUPON_DATABSE_URL", "; did you mean COUPON_DATABASE_URL?"),
        ("COUPONS_DATABASE_URL_FILE", "; did you mean COUPON_DATABASE_URL_FILE?"),
        ("COUPON_DATABASE_URL_FIEL", "; did you mean COUPON_DATABASE_URL_FILE?"),
        ("coupon_bind_host", "; did you mean COUPON_BIND_HOST?"),
        ("ADMIN_PROT", "; did you mean ADMIN_PORT?"),
        ("QUERYPORT", "; did you mean QUERY_PORT?"),
        ("BUS_PROT", "; did you mean BUS_PORT?"),
        ("COUPON_MASTER_KEY", "; did you mean COUPON_MASTER_KEYS?"),
        ("COUPON_ZZZ", "."),
    ],
)
def test_misspelt_variables_are_named(
    load: Environment, capfd: pytest.CaptureFixture[str], name: str, expected: str
) -> None:
    load(**{name: "x", "COUPON_MASTER_KEYS_FILE": "", "COUPON_GROUP": "x"})
    (text,) = loader.describe_unknown_variables()
    assert text.startswith(f"{name} is not a setting{expected}")
    importlib.reload(gunicorn_conf)
    assert f"{name} is not a setting" in capfd.readouterr().err


def test_the_objects_of_an_application_are_left_out_of_garbage_collections() -> None:
    worker = SimpleNamespace(announcement_thread=Thread(), log=None)
    gunicorn_conf.post_worker_init(worker)
    try:
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()


@pytest.mark.parametrize(
    ("host", "demo", "is_enabled"),
    [
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("localhost", "", True),
        (EVERY_INTERFACE, "", False),
        ("::", "", False),
        ("coupons.example", "", False),
        (EVERY_INTERFACE, "1", True),
        ("127.0.0.1", "0", False),
    ],
)
def test_the_demo_is_for_this_machine_only_by_default(
    load: Environment, host: str, demo: str, is_enabled: bool
) -> None:
    settings = load(COUPON_BIND_HOST=host, COUPON_DEMO=demo)
    assert settings.is_demo_enabled == is_enabled


def test_the_file_of_the_master_key_may_contain_several(
    load: Environment, tmp_path: Path
) -> None:
    keys = generate_master_key(), generate_master_key()
    (tmp_path / "master.key").write_text(f"{keys[0]}, {keys[1]}\n")
    assert load(COUPON_DATA_DIR=str(tmp_path)).master_keys == keys


def test_a_reader_creates_no_secrets(
    load: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    load(COUPON_MASTER_KEYS=generate_master_key(), COUPON_BROKER_URL="redis://bus")
    for name in ("COUPON_MASTER_KEYS", "COUPON_BROKER_URL"):
        monkeypatch.setenv(name, "")
    settings = loader.load(creates_secrets=False)
    assert (settings.master_keys, settings.broker_url) == (
        (),
        "redis://:@127.0.0.1:8003/0",
    )
    assert not (tmp_path / "var").exists()


def test_a_master_key_is_made_once_and_kept(load: Environment, tmp_path: Path) -> None:
    master_keys = load().master_keys
    assert load().master_keys == master_keys
    assert encryption.is_master_key(master_keys[0])
    files = {
        path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "var").iterdir()
    }
    assert files == {"master.key": 0o600, "bus.password": 0o600}
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_the_embedded_broker_has_one_password(load: Environment) -> None:
    url = load().broker_url
    assert load().broker_url == url
    assert len(urlsplit(url).password or "") >= 43
    assert load(COUPON_BROKER_URL="redis://bus/0").broker_url == "redis://bus/0"


def test_the_kept_key_is_for_its_owner_only(load: Environment, tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        load()
    finally:
        os.umask(umask)
    mode = (tmp_path / "var" / "master.key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_given_keys_leave_the_kept_one_alone(load: Environment, tmp_path: Path) -> None:
    load(COUPON_MASTER_KEYS=generate_master_key())
    assert not (tmp_path / "var" / "master.key").exists()


def test_processes_that_start_together_keep_one_key(tmp_path: Path) -> None:
    path = tmp_path / "var" / "master.key"
    barrier = process_context.Barrier(4)
    pipes = [process_context.Pipe(duplex=False) for _ in range(4)]
    send = partial(_send_kept_key, path, barrier)
    workers = [
        process_context.Process(target=send, args=(sender,)) for _, sender in pipes
    ]
    for worker in workers:
        worker.start()
    keys = {receiver.recv() for receiver, _ in pipes}
    for worker in workers:
        worker.join()
    assert keys == {path.read_text()}
    assert list(path.parent.iterdir()) == [path]


def _send_kept_key(path: Path, barrier: Any, sender: Any) -> None:
    barrier.wait(60)
    sender.send(loader._load_or_create_secret(path, generate_master_key))


def test_a_data_directory_that_cannot_be_made_is_told(
    load: Environment, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidSettings, match="COUPON_DATA_DIR"):
        load(COUPON_DATA_DIR=tmp_path / "file")
