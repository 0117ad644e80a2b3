from also.v1 import limits_pb2 as _limits_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Beat(_message.Message):
    __slots__ = ("conductor", "number", "interval_seconds", "host", "boot", "process", "process_start", "ended", "error", "waits_for", "waited_seconds")
    CONDUCTOR_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    BOOT_FIELD_NUMBER: _ClassVar[int]
    PROCESS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_START_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    WAITED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    conductor: str
    number: int
    interval_seconds: float
    host: str
    boot: str
    process: int
    process_start: str
    ended: bool
    error: str
    waits_for: str
    waited_seconds: float
    def __init__(self, conductor: _Optional[str] = ..., number: _Optional[int] = ..., interval_seconds: _Optional[float] = ..., host: _Optional[str] = ..., boot: _Optional[str] = ..., process: _Optional[int] = ..., process_start: _Optional[str] = ..., ended: _Optional[bool] = ..., error: _Optional[str] = ..., waits_for: _Optional[str] = ..., waited_seconds: _Optional[float] = ...) -> None: ...

class Stop(_message.Message):
    __slots__ = ("conductor",)
    CONDUCTOR_FIELD_NUMBER: _ClassVar[int]
    conductor: str
    def __init__(self, conductor: _Optional[str] = ...) -> None: ...

class Review(_message.Message):
    __slots__ = ("candidate", "approved", "note")
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    APPROVED_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    candidate: str
    approved: bool
    note: str
    def __init__(self, candidate: _Optional[str] = ..., approved: _Optional[bool] = ..., note: _Optional[str] = ...) -> None: ...
