"""What a store's server said, in words: its own code and message, why a request failed, and what to do.

obstore tells one long text: what was asked, how often, the status, the whole body that came back, and the tree of its
own errors below that. Three things are of use to a person: the request, the server's `<Code>` and `<Message>` (or the
JSON of GCS), and the cause of a request that was never answered. What can be done is added where it is known.
"""

import html
import json
import re

from obstore.exceptions import BaseError

FAILURES = (BaseError, OSError, ValueError, TypeError, NotImplementedError)
"""What obstore raises; those after OSError stand for a key or a setting that it refuses, e.g. a key with ".." in it."""

_UNSURE = re.compile(
    r"HTTP error: (?!builder)|body error|status code: (?:5\d\d|408|429)\b|ETag Header missing|Content-Range header"
)
"""Texts of failures after which nobody knows whether the request was carried out, or that pass."""

_NOISE = re.compile(
    r"Generic \w+ error: (?:Error performing (?:list|token) request: )?|Request precondition failure for path [^:]*: "
    r"|The operation lacked [^:]*: |The operation lacks [^:]*: |Object at location [^:]* (?:not found|already exists): "
)
_REQUEST = re.compile(r"Error performing (\w+) (\S+) in [\d.]+[^ ,]*s(?:, after \d+ retries, [^-]*)? *- ")
_STATUS = re.compile(r"Server returned non-2xx status code: ")
_CODE = re.compile(r"<Code>(.*?)</Code>", re.DOTALL)
_MESSAGE = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)
_CAUSE = re.compile(r'message: "([^"]{1,200})"|InvalidCertificate\(\s*(\w+)|(dns error)')

_LONGEST = 400

_S3, _AZURE, _GCS = "s3", "azure", "gcs"

_FAMILIES = {"s3": _S3, "s3a": _S3, "gs": _GCS} | dict.fromkeys(("az", "azure", "abfs", "abfss"), _AZURE)

_KEYS = {
    _S3: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN of temporary ones (~/.aws is not read)",
    _AZURE: "AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_KEY",
    _GCS: "GOOGLE_APPLICATION_CREDENTIALS, the path of a service account's JSON",
}
_ENDPOINTS = {
    _S3: "AWS_ENDPOINT, e.g. https://s3.example:9000",
    _AZURE: "AZURE_STORAGE_ENDPOINT, e.g. https://blob.example:10000/account",
    _GCS: "GOOGLE_BASE_URL",
}
_ALLOW_HTTP = {_S3: "AWS_ALLOW_HTTP", _AZURE: "AZURE_ALLOW_HTTP", _GCS: "GOOGLE_ALLOW_HTTP"}

_OWN_SERVERS = re.compile(r"amazonaws\.com|core\.windows\.net|googleapis\.com")
_METADATA = re.compile(r"/latest/(?:api/token|meta-data)|computeMetadata|/metadata/identity|token request|169\.254\.")


def is_unsure(error: Exception) -> bool:
    """Whether nobody knows if a request was carried out, or the failure may pass; False where the server said no."""
    return isinstance(error, BaseError) and _UNSURE.search(_told(error)) is not None


def in_words(error: Exception, uri: str = "") -> str:
    """What went wrong on one line, with what to do about it where that is known.

    Args:
        error: what obstore raised.
        uri: address of the store, whose scheme decides what is hinted at.
    """
    family = _FAMILIES.get(uri.partition("://")[0])
    told = _told(error)
    hint = _hint(told, family) if family and isinstance(error, Exception) else ""
    return _short(told, str(error)) + (f"; {hint}" if hint else "")


def _told(error: Exception) -> str:
    """The text without the tree of errors below it."""
    return str(error).strip().partition("\n\nDebug source")[0]


def _short(told: str, whole: str) -> str:
    code, message = _answer(told)
    head = _NOISE.sub("", told)
    head = _STATUS.sub("", _REQUEST.sub(r"\1 \2: ", head))
    if code or message:
        head = re.split(r": *(?:<|\{)", head, maxsplit=1)[0]
        head = ": ".join(part for part in (head, code, message) if part)
    elif "error sending request" in head or "HTTP error" in head:
        causes = ["".join(found) for found in _CAUSE.findall(whole.partition("Debug source")[2])]
        head += f" ({', '.join(dict.fromkeys(causes))})" if causes else ""
    return re.sub(r"\s+", " ", head).strip()[:_LONGEST]


def _answer(told: str) -> tuple[str, str]:
    """Code and message of the server's answer; empty where it has none."""
    code, message = _CODE.search(told), _MESSAGE.search(told)
    if code or message:
        return tuple(html.unescape(found.group(1)).strip() if found else "" for found in (code, message))  # type: ignore[return-value]
    try:
        answer = json.loads(told[told.index("{") :])["error"]
        return str(answer.get("status") or answer.get("code") or ""), str(answer.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""


def _hint(told: str, family: str) -> str:
    keys, endpoint = _KEYS[family], _ENDPOINTS[family]
    if "builder error" in told:
        return f"a server that speaks http is used with {_ALLOW_HTTP[family]}=true only"
    if _METADATA.search(told) or re.search(r"Missing(?: )?\w*(?:Key|Token)|must be specified|Invalid Access Key", told):
        return f"no keys were found, so the cloud's own service was asked for some: set {keys}"
    if re.search(r"NoSuchBucket|ContainerNotFound|bucket does not exist", told):
        return "make the bucket first, or name another" + _elsewhere(told, endpoint)
    if re.search(r"AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocation|status code: 30[17]", told):
        return "set AWS_REGION to the bucket's region"
    if re.search(r"status code: 40[13]|InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied", told):
        return f"the keys that were used are {keys}" + _elsewhere(told, endpoint)
    if re.search(r"status code: 501|NotImplemented|conditional put is disabled", told):
        return "the server must create an object unless one is there (If-None-Match: *)"
    if "HTTP error" in told:
        return f"a server of your own is named by {endpoint}" + ("" if _OWN_SERVERS.search(told) else " (is it up?)")
    return ""


def _elsewhere(told: str, endpoint: str) -> str:
    return f"; a server of your own is named by {endpoint}" if _OWN_SERVERS.search(told) else ""
