"""gRPC as all parts of ALSO use it: one way to serve, one way to call.

Servers are synchronous with a thread pool, answer health checks, turn ALSO's errors into status
codes and drain on SIGTERM. Clients turn status codes back into the same errors. Messages carry
keys of the object store, never weights.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

import also
from also import errors, limits, log, metrics

T = TypeVar("T")

READY = "also-ready"
"""First word of the line that a server prints when it can be called; its address follows."""

WORKERS = 64
"""Threads that answer calls, at most; one is begun when a call finds none free. Of each campaign under way, up to three
runs of a trainer and a round of a validator hold one all the time, and health checks need one too."""

_KEEPALIVE = [
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.enable_http_proxy", 0),  # a proxy of the user's shell is for the world outside
    ("grpc.max_reconnect_backoff_ms", 5_000),  # gRPC's own two minutes are longer than a pod's restart
]

_GRACE_SECONDS = 2.0
"""How long calls under way may take to end when a server drains."""

_SIGNAL_SECONDS = 0.2
"""How soon a server notices a signal at the latest."""

_ERROR_HEADER = "also-error"
"""Trailer that names the error's class."""

_SUBJECT = {"campaign": "campaign_id", "run": "run", "stage": "stage", "round": "round"}
"""Fields of requests that say what they are about, by their names in the log."""

_DETAIL_LIMIT = 2000
"""Characters of an error that are sent; gRPC refuses trailers above 8 KiB."""


def serve(register: Callable[[grpc.Server], None], address: str) -> None:
    """Serve until SIGTERM or SIGINT, then drain.

    Args:
        register: adds the servicers to the server.
        address: `host:port`; port 0 takes a free one. The bound address is printed as `also-ready HOST:PORT`.

    Raises:
        AddressError: the address is malformed or in use.
    """
    server = answering(register)
    checks = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    bound = bind(server, address)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server.start()
    checks.set("", health_pb2.HealthCheckResponse.SERVING)
    began = time.monotonic()
    print(READY, bound, flush=True)
    log.SERVICE_READY.tell(address=bound, version=also.__version__)
    while not stop.wait(_SIGNAL_SECONDS):  # a wait without end is not woken by a signal that another thread took
        pass
    checks.enter_graceful_shutdown()
    server.stop(_GRACE_SECONDS).wait()
    log.SERVICE_ENDED.tell(seconds=time.monotonic() - began)
    sys.stdout.flush()


def answering(register: Callable[[grpc.Server], None]) -> grpc.Server:
    """A server with its servicers, not bound or started yet: requests are checked, errors become status codes.

    Args:
        register: adds the servicers to the server.
    """
    server = grpc.server(
        ThreadPoolExecutor(WORKERS, thread_name_prefix="rpc"),
        interceptors=[_Answers()],
        options=[*_KEEPALIVE, ("grpc.so_reuseport", 0)],
    )
    register(server)
    return server


def bind(server: grpc.Server, address: str) -> str:
    """Bind a server, and return the address with the port that it got.

    Raises:
        AddressError: the address is malformed or in use.
    """
    host, separator, port = address.rpartition(":")
    if not separator or not host or not port.isdecimal() or int(port) > 65535:
        raise errors.AddressError(
            f"address {address!r} is not allowed; host:port with a port in [0, 65535] is expected"
        )
    try:
        bound = server.add_insecure_port(address)
    except RuntimeError:
        bound = 0
    if bound == 0:
        raise errors.AddressError(
            f"address {address} cannot be bound: the port is in use, or the host is not this machine's"
        )
    return f"{host}:{bound}"


def connect(address: str) -> grpc.Channel:
    """A channel to a service; it connects when it is first used, and a call fails at once when it cannot."""
    return grpc.insecure_channel(address, options=_KEEPALIVE)


def call(method: Callable[..., T], request: Message, *, seconds: float) -> T:
    """Call a unary method.

    Args:
        method: method of a stub.
        request: its request.
        seconds: deadline.

    Raises:
        InputError: the service refused the request; the class that the service raised.
        ServiceUnavailable: the service could not be reached, died, or did not answer within the deadline.
        ServiceError: the service failed.
    """
    try:
        return method(request, timeout=seconds)
    except grpc.RpcError as error:
        raise as_error(error) from None


def stream(method: Callable[..., Any], request: Message, *, seconds: float) -> Iterator[Any]:
    """Call a server-streaming method and yield its responses; ending the iteration cancels the call.

    Args and Raises: as `call`.
    """
    responses = method(request, timeout=seconds)
    try:
        yield from responses
    except grpc.RpcError as error:
        raise as_error(error) from None
    finally:
        responses.cancel()


def as_error(error: grpc.RpcError) -> errors.AlsoError:
    """The error of ALSO that a status stands for."""
    code: grpc.StatusCode = error.code()
    detail = error.details() or code.name
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED):
        return errors.ServiceUnavailable(detail)
    trailers: dict[str, Any] = dict(cast(Any, error.trailing_metadata() or ()))
    kind = getattr(errors, str(trailers.get(_ERROR_HEADER)), None)
    if isinstance(kind, type) and issubclass(kind, errors.AlsoError):
        return kind(detail)
    return errors.ServiceError(f"{code.name}: {detail}")


class _Answers(grpc.ServerInterceptor):  # type: ignore[type-arg]  # generic in the stubs only
    """Checks requests against their limits, turns errors into status codes, and counts answers."""

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = continuation(details)
        if handler is None or details.method.startswith("/grpc."):
            return handler

        def unary(request: Message, context: grpc.ServicerContext) -> Any:
            with log.about(**_subject(request)), _answer(details.method, request, context):
                return handler.unary_unary(request, context)

        def streaming(request: Message, context: grpc.ServicerContext) -> Iterator[Any]:
            with log.about(**_subject(request)), _answer(details.method, request, context):
                yield from handler.unary_stream(request, context)

        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                streaming, handler.request_deserializer, handler.response_serializer
            )
        return grpc.unary_unary_rpc_method_handler(unary, handler.request_deserializer, handler.response_serializer)


@contextmanager
def _answer(path: str, request: Message, context: grpc.ServicerContext) -> Iterator[None]:
    """Around one call: its request is checked before, its status is set and counted after."""
    _, service, method = path.split("/")
    began = time.monotonic()
    code = grpc.StatusCode.OK
    try:
        limits.check(request)
        yield
    except errors.AlsoError as error:
        code = _status(error)
        context.set_trailing_metadata(((_ERROR_HEADER, type(error).__name__),))
        context.abort(code, str(error)[:_DETAIL_LIMIT])
    except GeneratorExit:
        code = grpc.StatusCode.CANCELLED
        raise
    except Exception:
        code = grpc.StatusCode.UNKNOWN
        raise
    finally:
        metrics.GRPC_HANDLED.labels(service, method, code.name).inc()
        metrics.GRPC_SECONDS.labels(service, method).observe(time.monotonic() - began)


def _subject(request: Message) -> dict[str, log.Value]:
    """What a request is about, as far as its fields say, for the log."""
    known = request.DESCRIPTOR.fields_by_name
    return {name: getattr(request, field) for name, field in _SUBJECT.items() if field in known}


def _status(error: errors.AlsoError) -> grpc.StatusCode:
    match error:
        case errors.InputError():
            return grpc.StatusCode.INVALID_ARGUMENT
        case errors.MissingObjectError():
            return grpc.StatusCode.NOT_FOUND
        case errors.ServiceUnavailable():
            return grpc.StatusCode.UNAVAILABLE
        case _:
            return grpc.StatusCode.FAILED_PRECONDITION
