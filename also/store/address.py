"""Addresses of stores: used whole, or refused.

What obstore cannot use of a URL it leaves out without a word: a port, a query, a name and password, `..`. Then objects
lie elsewhere than the address says. So an address is taken apart here, and has no part that is not used.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from also.errors import StoreError

ALLOWED = "a folder's path, file:///path, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
"""What a store's address may be, for errors."""

SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss")
"""Schemes of the object stores that can create an object unless one is there."""

_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]*")
_AZURE_HOST = re.compile(r"[a-z0-9$][a-z0-9-]*@[a-z0-9]{3,24}\.(?:dfs\.core\.windows\.net|dfs\.fabric\.microsoft\.com)")
_LIKE_A_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNUSED = re.compile(r"[?#%\\]")
"""Characters of a prefix that a URL gives another meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Address of a store behind a server."""

    url: str
    """What obstore is given."""
    prefix: str
    """Where in the bucket the store begins; empty: at its root."""


def local_folder(uri: str) -> Path | None:
    """The folder that an address names, absolute; None for every other kind of store.

    `~` and relative paths mean what they mean in a shell, whether a shell has seen them or not.

    Raises:
        StoreError: the address is empty or malformed.
    """
    if not uri:
        raise StoreError(f"the store's URI is empty; {ALLOWED} is expected")
    if _CONTROL.search(uri):
        raise StoreError(f"store {uri!r} has a control character in its address; {ALLOWED} is expected")
    if "://" not in uri:
        if _LIKE_A_URL.match(uri):
            raise StoreError(
                f"store {uri!r} is neither a URL nor a path: {ALLOWED} is expected, or ./{uri} for a folder"
            )
        return _path(uri)
    scheme, _, rest = uri.partition("://")
    if scheme != "file":
        return None
    if not rest.startswith("/"):
        raise StoreError(f"store {uri!r} names no absolute folder; file:///path is expected")
    if "?" in rest or "#" in rest:
        raise StoreError(f"store {uri!r} has a part that names no folder; write ? as %3F and # as %23")
    return Path(unquote(rest))


def bucket(uri: str) -> Bucket:
    """The parts of an address that names a bucket.

    Raises:
        StoreError: the address is malformed, or has a part that would not be used.
    """
    scheme, _, rest = uri.partition("://")
    if scheme not in SCHEMES:
        raise StoreError(f"store {uri!r} is not allowed; {ALLOWED} is expected")
    host, _, prefix = rest.partition("/")
    fits = _BUCKET.fullmatch(host) or (scheme.startswith("abfs") and _AZURE_HOST.fullmatch(host))
    if not fits:
        raise StoreError(f"store {uri!r} cannot be opened: {_host_fault(scheme, host)}")
    prefix = prefix.removesuffix("/")
    unused = _UNUSED.search(prefix)
    if unused:
        raise StoreError(
            f"store {uri!r} cannot be opened: {unused.group()!r} in its prefix would not be used as it stands; "
            "a prefix has no '?', '#', '%' and backslash"
        )
    if prefix and any(part in ("", ".", "..") for part in prefix.split("/")):
        raise StoreError(f"store {uri!r} cannot be opened: its prefix has an empty part, '.' or '..'")
    return Bucket(url=f"{scheme}://{host}" + (f"/{prefix}" if prefix else ""), prefix=prefix)


def _path(given: str) -> Path:
    if not given.startswith("~"):  # `./~` is a folder of that name, which Path would take for the home
        return Path(given).absolute()
    try:
        return Path(given).expanduser().absolute()
    except RuntimeError:
        user = given.partition("/")[0]
        raise StoreError(f"store {given!r} is in the home of nobody: there is no user {user[1:]!r}") from None


def _host_fault(scheme: str, host: str) -> str:
    name = "container" if scheme.startswith("a") else "bucket"
    if not host:
        return f"it names no {name}; {scheme}://{name}/prefix is expected"
    if "@" in host:
        return f"what is before '@' is not used; {scheme}://{name}/prefix is expected, and keys in the environment"
    if ":" in host:
        return (
            f"a host and port are not part of it; {scheme}://{name}/prefix is expected, and AWS_ENDPOINT names a server"
        )
    return f"{host!r} is no {name}; letters, digits, '.', '_' and '-' are allowed, e.g. {scheme}://{name}/prefix"
