from also.v1 import campaign_pb2 as _campaign_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Blob(_message.Message):
    __slots__ = ("name", "size", "sha256")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    name: str
    size: int
    sha256: str
    def __init__(self, name: _Optional[str] = ..., size: _Optional[int] = ..., sha256: _Optional[str] = ...) -> None: ...

class CheckpointManifest(_message.Message):
    __slots__ = ("schema_version", "task", "learner_hash", "env_steps", "updates", "blobs")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    LEARNER_HASH_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    UPDATES_FIELD_NUMBER: _ClassVar[int]
    BLOBS_FIELD_NUMBER: _ClassVar[int]
    schema_version: int
    task: str
    learner_hash: str
    env_steps: int
    updates: int
    blobs: _containers.RepeatedCompositeFieldContainer[Blob]
    def __init__(self, schema_version: _Optional[int] = ..., task: _Optional[str] = ..., learner_hash: _Optional[str] = ..., env_steps: _Optional[int] = ..., updates: _Optional[int] = ..., blobs: _Optional[_Iterable[_Union[Blob, _Mapping]]] = ...) -> None: ...

class Origin(_message.Message):
    __slots__ = ("campaign_id", "checkpoint_id", "learner")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    checkpoint_id: str
    learner: _campaign_pb2.LearnerSettings
    def __init__(self, campaign_id: _Optional[str] = ..., checkpoint_id: _Optional[str] = ..., learner: _Optional[_Union[_campaign_pb2.LearnerSettings, _Mapping]] = ...) -> None: ...
