from also.v1 import limits_pb2 as _limits_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LearningPhase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LEARNING_PHASE_UNSPECIFIED: _ClassVar[LearningPhase]
    LEARNING_PHASE_NO_SIGNAL: _ClassVar[LearningPhase]
    LEARNING_PHASE_SPARSE_SIGNAL: _ClassVar[LearningPhase]
    LEARNING_PHASE_IMPROVING: _ClassVar[LearningPhase]
    LEARNING_PHASE_PLATEAU: _ClassVar[LearningPhase]
    LEARNING_PHASE_REGRESSING: _ClassVar[LearningPhase]
    LEARNING_PHASE_SOLVED: _ClassVar[LearningPhase]

class FailureMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAILURE_MODE_UNSPECIFIED: _ClassVar[FailureMode]
    FAILURE_MODE_NONE: _ClassVar[FailureMode]
    FAILURE_MODE_EXPLORATION: _ClassVar[FailureMode]
    FAILURE_MODE_COORDINATION: _ClassVar[FailureMode]
    FAILURE_MODE_CREDIT_ASSIGNMENT: _ClassVar[FailureMode]
    FAILURE_MODE_SHAPING_DOMINATES: _ClassVar[FailureMode]
    FAILURE_MODE_DEAD_TERM: _ClassVar[FailureMode]
    FAILURE_MODE_PREMATURE_CONVERGENCE: _ClassVar[FailureMode]
    FAILURE_MODE_INSTABILITY: _ClassVar[FailureMode]
    FAILURE_MODE_PARTIAL_SUCCESS: _ClassVar[FailureMode]
    FAILURE_MODE_INEFFICIENCY: _ClassVar[FailureMode]
    FAILURE_MODE_REWARD_NOT_SPARSE: _ClassVar[FailureMode]

class Remedy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REMEDY_UNSPECIFIED: _ClassVar[Remedy]
    REMEDY_KEEP: _ClassVar[Remedy]
    REMEDY_GUIDE: _ClassVar[Remedy]
    REMEDY_SYNCHRONISE: _ClassVar[Remedy]
    REMEDY_INDIVIDUALISE: _ClassVar[Remedy]
    REMEDY_EXPLORE: _ClassVar[Remedy]
    REMEDY_DECAY: _ClassVar[Remedy]
    REMEDY_REMOVE: _ClassVar[Remedy]
    REMEDY_RESCALE: _ClassVar[Remedy]
LEARNING_PHASE_UNSPECIFIED: LearningPhase
LEARNING_PHASE_NO_SIGNAL: LearningPhase
LEARNING_PHASE_SPARSE_SIGNAL: LearningPhase
LEARNING_PHASE_IMPROVING: LearningPhase
LEARNING_PHASE_PLATEAU: LearningPhase
LEARNING_PHASE_REGRESSING: LearningPhase
LEARNING_PHASE_SOLVED: LearningPhase
FAILURE_MODE_UNSPECIFIED: FailureMode
FAILURE_MODE_NONE: FailureMode
FAILURE_MODE_EXPLORATION: FailureMode
FAILURE_MODE_COORDINATION: FailureMode
FAILURE_MODE_CREDIT_ASSIGNMENT: FailureMode
FAILURE_MODE_SHAPING_DOMINATES: FailureMode
FAILURE_MODE_DEAD_TERM: FailureMode
FAILURE_MODE_PREMATURE_CONVERGENCE: FailureMode
FAILURE_MODE_INSTABILITY: FailureMode
FAILURE_MODE_PARTIAL_SUCCESS: FailureMode
FAILURE_MODE_INEFFICIENCY: FailureMode
FAILURE_MODE_REWARD_NOT_SPARSE: FailureMode
REMEDY_UNSPECIFIED: Remedy
REMEDY_KEEP: Remedy
REMEDY_GUIDE: Remedy
REMEDY_SYNCHRONISE: Remedy
REMEDY_INDIVIDUALISE: Remedy
REMEDY_EXPLORE: Remedy
REMEDY_DECAY: Remedy
REMEDY_REMOVE: Remedy
REMEDY_RESCALE: Remedy

class Citation(_message.Message):
    __slots__ = ("item", "value")
    ITEM_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    item: str
    value: float
    def __init__(self, item: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class Finding(_message.Message):
    __slots__ = ("mode", "severity", "confidence", "citations", "remedy", "milestone", "feature", "agent", "term", "summary")
    MODE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    CITATIONS_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    MILESTONE_FIELD_NUMBER: _ClassVar[int]
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    TERM_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    mode: FailureMode
    severity: float
    confidence: float
    citations: _containers.RepeatedCompositeFieldContainer[Citation]
    remedy: Remedy
    milestone: str
    feature: str
    agent: str
    term: str
    summary: str
    def __init__(self, mode: _Optional[_Union[FailureMode, str]] = ..., severity: _Optional[float] = ..., confidence: _Optional[float] = ..., citations: _Optional[_Iterable[_Union[Citation, _Mapping]]] = ..., remedy: _Optional[_Union[Remedy, str]] = ..., milestone: _Optional[str] = ..., feature: _Optional[str] = ..., agent: _Optional[str] = ..., term: _Optional[str] = ..., summary: _Optional[str] = ...) -> None: ...

class Diagnosis(_message.Message):
    __slots__ = ("phase", "findings", "backend")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    phase: LearningPhase
    findings: _containers.RepeatedCompositeFieldContainer[Finding]
    backend: str
    def __init__(self, phase: _Optional[_Union[LearningPhase, str]] = ..., findings: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ..., backend: _Optional[str] = ...) -> None: ...
