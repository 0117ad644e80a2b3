"""Addresses of stores: used whole, or refused; `~` and relative paths mean what a shell means."""

from pathlib import Path

import pytest

from also.errors import StoreError
from also.store import local_folder, open_store
from also.store.address import bucket


@pytest.mark.parametrize(
    ("uri", "complaint"),
    [
        ("s3://bucket/prefix?region=x", "'?' in its prefix would not be used"),
        ("s3://bucket/prefix#part", "'#' in its prefix would not be used"),
        ("s3://bucket/a%20b", "'%' in its prefix would not be used"),
        ("s3://bucket/a\\b", "would not be used"),
        ("s3://key:secret@bucket/prefix", "what is before '@' is not used"),
        ("gs://me@bucket/prefix", "what is before '@' is not used"),
        ("s3://bucket:9000/prefix", "a host and port are not part of it"),
        ("s3://bucket/a/../b", "its prefix has an empty part, '.' or '..'"),
        ("s3://bucket/./b", "its prefix has an empty part, '.' or '..'"),
        ("s3://bucket//b", "its prefix has an empty part, '.' or '..'"),
        ("s3:///prefix", "it names no bucket"),
        ("az:///prefix", "it names no container"),
        ("s3://bücket/prefix", "is no bucket"),
        ("abfss://container@account.example.com/prefix", "what is before '@' is not used"),
        ("https://bucket.s3.amazonaws.com/prefix", "is not allowed"),
        ("S3://bucket/prefix", "is not allowed"),
        (" s3://bucket/prefix", "is not allowed"),
        ("s3://bucket/prefix\n", "has a control character"),
        ("memory://some/where", "is not allowed"),
        ("s3:/bucket/prefix", "is neither a URL nor a path"),
        ("file:/folder", "is neither a URL nor a path"),
        ("file:///folder?x", "has a part that names no folder; write ? as %3F"),
        ("file:///folder#x", "has a part that names no folder"),
        ("file://host/folder", "names no absolute folder"),
        ("~nobody-of-this-name/store", "there is no user 'nobody-of-this-name'"),
    ],
)
def test_what_would_be_left_out_is_refused(tmp_path, monkeypatch, uri, complaint):
    """No part of an address is dropped without a word, and nothing is made in the current folder."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError) as caught:
        open_store(uri)
    assert complaint in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("uri", "url", "prefix"),
    [
        ("s3://bucket", "s3://bucket", ""),
        ("s3://bucket/", "s3://bucket", ""),
        ("s3://bucket/a/b/", "s3://bucket/a/b", "a/b"),
        ("s3a://my.bucket_1/é b", "s3a://my.bucket_1/é b", "é b"),
        ("gs://bucket/~me", "gs://bucket/~me", "~me"),
        ("az://container/p", "az://container/p", "p"),
        (
            "abfss://container@account.dfs.core.windows.net/p",
            "abfss://container@account.dfs.core.windows.net/p",
            "p",
        ),
    ],
)
def test_what_names_a_bucket_is_taken_apart(uri, url, prefix):
    """An address that is used whole is a bucket and a prefix."""
    assert (bucket(uri).url, bucket(uri).prefix) == (url, prefix)


def test_paths_mean_what_a_shell_means(tmp_path, monkeypatch):
    """`~` is the home, `./~` a folder of that name, a relative path lies in the current folder, odd names are names."""
    home, here = tmp_path / "home", tmp_path / "here"
    here.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    for uri, place in {
        "~": home,
        "~/store": home / "store",
        "./~": here / "~",
        "store": here / "store",
        "../there/store": here / ".." / "there" / "store",
        "a b?c#1%20d": here / "a b?c#1%20d",
        "file:///" + f"{tmp_path}/with%20space".removeprefix("/"): tmp_path / "with space",
    }.items():
        assert local_folder(uri) == place
        open_store(uri).create("campaigns/a/x", b"1")
        assert (place / "campaigns/a/x").read_bytes() == b"1"


def test_a_setting_with_a_tilde_is_the_home(tmp_path, monkeypatch):
    """ALSO_STORE and ALSO_LOGS, which no shell expands inside quotes, mean the home too."""
    from also import settings

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ALSO_LOGS", "~/logs")
    assert Path(settings.from_environment().logs) == tmp_path / "logs"


@pytest.mark.parametrize("name", ["AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AZURE_STORAGE_ENDPOINT"])
@pytest.mark.parametrize(
    "value", ["127.0.0.1:9000", "s3://host", "http://key:secret@host:9000", "http://host/?x", "http://"]
)
def test_an_endpoint_that_is_no_url_is_refused(monkeypatch, name, value):
    """A server's address without its scheme, which obstore cannot take, is an error that names the variable."""
    monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match=f"^{name} is .*; http://host:port or https://host:port is expected"):
        open_store("s3://bucket/prefix")
