from also.v1 import diagnosis_pb2 as _diagnosis_pb2
from also.v1 import journal_pb2 as _journal_pb2
from also.v1 import shaping_pb2 as _shaping_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConductorState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONDUCTOR_STATE_UNSPECIFIED: _ClassVar[ConductorState]
    CONDUCTOR_STATE_AT_WORK: _ClassVar[ConductorState]
    CONDUCTOR_STATE_GONE: _ClassVar[ConductorState]
    CONDUCTOR_STATE_ENDED: _ClassVar[ConductorState]
    CONDUCTOR_STATE_UNKNOWN: _ClassVar[ConductorState]
    CONDUCTOR_STATE_STOPPED: _ClassVar[ConductorState]
CONDUCTOR_STATE_UNSPECIFIED: ConductorState
CONDUCTOR_STATE_AT_WORK: ConductorState
CONDUCTOR_STATE_GONE: ConductorState
CONDUCTOR_STATE_ENDED: ConductorState
CONDUCTOR_STATE_UNKNOWN: ConductorState
CONDUCTOR_STATE_STOPPED: ConductorState

class CampaignSummary(_message.Message):
    __slots__ = ("campaign", "task", "stages_trained", "stages_planned", "env_steps", "branch_env_steps", "checkpoint_id", "shaping", "reported", "finish_reason", "llm", "conductor", "stages", "error")
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    STAGES_TRAINED_FIELD_NUMBER: _ClassVar[int]
    STAGES_PLANNED_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    BRANCH_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    SHAPING_FIELD_NUMBER: _ClassVar[int]
    REPORTED_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    LLM_FIELD_NUMBER: _ClassVar[int]
    CONDUCTOR_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    task: str
    stages_trained: int
    stages_planned: int
    env_steps: int
    branch_env_steps: int
    checkpoint_id: str
    shaping: _shaping_pb2.ShapingConfig
    reported: _journal_pb2.Reported
    finish_reason: _journal_pb2.FinishReason
    llm: LlmTotal
    conductor: ConductorSummary
    stages: _containers.RepeatedCompositeFieldContainer[StageSummary]
    error: str
    def __init__(self, campaign: _Optional[str] = ..., task: _Optional[str] = ..., stages_trained: _Optional[int] = ..., stages_planned: _Optional[int] = ..., env_steps: _Optional[int] = ..., branch_env_steps: _Optional[int] = ..., checkpoint_id: _Optional[str] = ..., shaping: _Optional[_Union[_shaping_pb2.ShapingConfig, _Mapping]] = ..., reported: _Optional[_Union[_journal_pb2.Reported, _Mapping]] = ..., finish_reason: _Optional[_Union[_journal_pb2.FinishReason, str]] = ..., llm: _Optional[_Union[LlmTotal, _Mapping]] = ..., conductor: _Optional[_Union[ConductorSummary, _Mapping]] = ..., stages: _Optional[_Iterable[_Union[StageSummary, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class LlmTotal(_message.Message):
    __slots__ = ("calls", "prompt_tokens", "completion_tokens", "cost")
    CALLS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    def __init__(self, calls: _Optional[int] = ..., prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ..., cost: _Optional[float] = ...) -> None: ...

class ConductorSummary(_message.Message):
    __slots__ = ("state", "heard_seconds", "who", "error", "waits_for", "waited_seconds")
    STATE_FIELD_NUMBER: _ClassVar[int]
    HEARD_SECONDS_FIELD_NUMBER: _ClassVar[int]
    WHO_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    WAITED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    state: ConductorState
    heard_seconds: float
    who: str
    error: str
    waits_for: str
    waited_seconds: float
    def __init__(self, state: _Optional[_Union[ConductorState, str]] = ..., heard_seconds: _Optional[float] = ..., who: _Optional[str] = ..., error: _Optional[str] = ..., waits_for: _Optional[str] = ..., waited_seconds: _Optional[float] = ...) -> None: ...

class StageSummary(_message.Message):
    __slots__ = ("number", "mean_return", "return_low", "return_high", "run_env_steps", "env_steps", "checkpoint_id", "phase", "finding", "promoted", "held", "rolled_back")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    MEAN_RETURN_FIELD_NUMBER: _ClassVar[int]
    RETURN_LOW_FIELD_NUMBER: _ClassVar[int]
    RETURN_HIGH_FIELD_NUMBER: _ClassVar[int]
    RUN_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    FINDING_FIELD_NUMBER: _ClassVar[int]
    PROMOTED_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    ROLLED_BACK_FIELD_NUMBER: _ClassVar[int]
    number: int
    mean_return: float
    return_low: float
    return_high: float
    run_env_steps: int
    env_steps: int
    checkpoint_id: str
    phase: _diagnosis_pb2.LearningPhase
    finding: _diagnosis_pb2.FailureMode
    promoted: _journal_pb2.Promoted
    held: _journal_pb2.Held
    rolled_back: _journal_pb2.RolledBack
    def __init__(self, number: _Optional[int] = ..., mean_return: _Optional[float] = ..., return_low: _Optional[float] = ..., return_high: _Optional[float] = ..., run_env_steps: _Optional[int] = ..., env_steps: _Optional[int] = ..., checkpoint_id: _Optional[str] = ..., phase: _Optional[_Union[_diagnosis_pb2.LearningPhase, str]] = ..., finding: _Optional[_Union[_diagnosis_pb2.FailureMode, str]] = ..., promoted: _Optional[_Union[_journal_pb2.Promoted, _Mapping]] = ..., held: _Optional[_Union[_journal_pb2.Held, _Mapping]] = ..., rolled_back: _Optional[_Union[_journal_pb2.RolledBack, _Mapping]] = ...) -> None: ...

class ReplaySummary(_message.Message):
    __slots__ = ("campaign", "records", "agrees", "difference", "answers", "outdated")
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    AGREES_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    OUTDATED_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    records: int
    agrees: bool
    difference: str
    answers: int
    outdated: int
    def __init__(self, campaign: _Optional[str] = ..., records: _Optional[int] = ..., agrees: _Optional[bool] = ..., difference: _Optional[str] = ..., answers: _Optional[int] = ..., outdated: _Optional[int] = ...) -> None: ...
