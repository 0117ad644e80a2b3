from also.v1 import limits_pb2 as _limits_pb2
from also.v1 import reason_pb2 as _reason_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MetricsFault(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    METRICS_FAULT_UNSPECIFIED: _ClassVar[MetricsFault]
    METRICS_FAULT_UNAVAILABLE: _ClassVar[MetricsFault]
    METRICS_FAULT_INCOMPLETE: _ClassVar[MetricsFault]
    METRICS_FAULT_STALE: _ClassVar[MetricsFault]
    METRICS_FAULT_NOT_FINITE: _ClassVar[MetricsFault]
    METRICS_FAULT_AMBIGUOUS: _ClassVar[MetricsFault]
    METRICS_FAULT_MISMATCH: _ClassVar[MetricsFault]
METRICS_FAULT_UNSPECIFIED: MetricsFault
METRICS_FAULT_UNAVAILABLE: MetricsFault
METRICS_FAULT_INCOMPLETE: MetricsFault
METRICS_FAULT_STALE: MetricsFault
METRICS_FAULT_NOT_FINITE: MetricsFault
METRICS_FAULT_AMBIGUOUS: MetricsFault
METRICS_FAULT_MISMATCH: MetricsFault

class BranchReading(_message.Message):
    __slots__ = ("arm", "seed_index", "config_hash", "env_steps", "mean_return", "milestone_score", "episodes", "age_seconds")
    ARM_FIELD_NUMBER: _ClassVar[int]
    SEED_INDEX_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASH_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    MEAN_RETURN_FIELD_NUMBER: _ClassVar[int]
    MILESTONE_SCORE_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    AGE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    arm: str
    seed_index: int
    config_hash: str
    env_steps: int
    mean_return: float
    milestone_score: float
    episodes: int
    age_seconds: float
    def __init__(self, arm: _Optional[str] = ..., seed_index: _Optional[int] = ..., config_hash: _Optional[str] = ..., env_steps: _Optional[int] = ..., mean_return: _Optional[float] = ..., milestone_score: _Optional[float] = ..., episodes: _Optional[int] = ..., age_seconds: _Optional[float] = ...) -> None: ...

class MetricsReading(_message.Message):
    __slots__ = ("group", "query", "fault", "detail", "branches", "waited_seconds")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    BRANCHES_FIELD_NUMBER: _ClassVar[int]
    WAITED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    group: str
    query: str
    fault: MetricsFault
    detail: str
    branches: _containers.RepeatedCompositeFieldContainer[BranchReading]
    waited_seconds: float
    def __init__(self, group: _Optional[str] = ..., query: _Optional[str] = ..., fault: _Optional[_Union[MetricsFault, str]] = ..., detail: _Optional[str] = ..., branches: _Optional[_Iterable[_Union[BranchReading, _Mapping]]] = ..., waited_seconds: _Optional[float] = ...) -> None: ...

class GuardQuery(_message.Message):
    __slots__ = ("name", "query", "at_least", "at_most")
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    AT_MOST_FIELD_NUMBER: _ClassVar[int]
    name: str
    query: str
    at_least: float
    at_most: float
    def __init__(self, name: _Optional[str] = ..., query: _Optional[str] = ..., at_least: _Optional[float] = ..., at_most: _Optional[float] = ...) -> None: ...

class GuardReading(_message.Message):
    __slots__ = ("name", "query", "value", "holds", "fault", "detail")
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    name: str
    query: str
    value: float
    holds: bool
    fault: MetricsFault
    detail: str
    def __init__(self, name: _Optional[str] = ..., query: _Optional[str] = ..., value: _Optional[float] = ..., holds: _Optional[bool] = ..., fault: _Optional[_Union[MetricsFault, str]] = ..., detail: _Optional[str] = ...) -> None: ...

class GuardReadings(_message.Message):
    __slots__ = ("readings",)
    READINGS_FIELD_NUMBER: _ClassVar[int]
    readings: _containers.RepeatedCompositeFieldContainer[GuardReading]
    def __init__(self, readings: _Optional[_Iterable[_Union[GuardReading, _Mapping]]] = ...) -> None: ...
