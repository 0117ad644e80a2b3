from also.v1 import campaign_pb2 as _campaign_pb2
from also.v1 import limits_pb2 as _limits_pb2
from also.v1 import shaping_pb2 as _shaping_pb2
from also.v1 import task_pb2 as _task_pb2
from also.v1 import verdict_pb2 as _verdict_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ValidationPhase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VALIDATION_PHASE_UNSPECIFIED: _ClassVar[ValidationPhase]
    VALIDATION_PHASE_SCREEN: _ClassVar[ValidationPhase]
    VALIDATION_PHASE_SEARCH: _ClassVar[ValidationPhase]
    VALIDATION_PHASE_CONFIRM: _ClassVar[ValidationPhase]
VALIDATION_PHASE_UNSPECIFIED: ValidationPhase
VALIDATION_PHASE_SCREEN: ValidationPhase
VALIDATION_PHASE_SEARCH: ValidationPhase
VALIDATION_PHASE_CONFIRM: ValidationPhase

class ValidateRequest(_message.Message):
    __slots__ = ("campaign_id", "campaign", "card", "stage", "round", "checkpoint_id", "incumbent", "candidates", "tried_hashes", "env_steps_left", "stage_return", "stage_milestone_score", "stood_still_env_steps", "training_return")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    INCUMBENT_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    TRIED_HASHES_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_LEFT_FIELD_NUMBER: _ClassVar[int]
    STAGE_RETURN_FIELD_NUMBER: _ClassVar[int]
    STAGE_MILESTONE_SCORE_FIELD_NUMBER: _ClassVar[int]
    STOOD_STILL_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    TRAINING_RETURN_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    campaign: _campaign_pb2.Campaign
    card: _task_pb2.TaskCard
    stage: int
    round: int
    checkpoint_id: str
    incumbent: _shaping_pb2.ShapingConfig
    candidates: _containers.RepeatedCompositeFieldContainer[_verdict_pb2.Candidate]
    tried_hashes: _containers.RepeatedScalarFieldContainer[str]
    env_steps_left: int
    stage_return: float
    stage_milestone_score: float
    stood_still_env_steps: int
    training_return: float
    def __init__(self, campaign_id: _Optional[str] = ..., campaign: _Optional[_Union[_campaign_pb2.Campaign, _Mapping]] = ..., card: _Optional[_Union[_task_pb2.TaskCard, _Mapping]] = ..., stage: _Optional[int] = ..., round: _Optional[int] = ..., checkpoint_id: _Optional[str] = ..., incumbent: _Optional[_Union[_shaping_pb2.ShapingConfig, _Mapping]] = ..., candidates: _Optional[_Iterable[_Union[_verdict_pb2.Candidate, _Mapping]]] = ..., tried_hashes: _Optional[_Iterable[str]] = ..., env_steps_left: _Optional[int] = ..., stage_return: _Optional[float] = ..., stage_milestone_score: _Optional[float] = ..., stood_still_env_steps: _Optional[int] = ..., training_return: _Optional[float] = ...) -> None: ...

class CheckValidatorRequest(_message.Message):
    __slots__ = ("campaign",)
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    campaign: _campaign_pb2.Campaign
    def __init__(self, campaign: _Optional[_Union[_campaign_pb2.Campaign, _Mapping]] = ...) -> None: ...

class CheckValidatorResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ArmProgress(_message.Message):
    __slots__ = ("arm", "branches", "mean_return", "milestone_score", "reason")
    ARM_FIELD_NUMBER: _ClassVar[int]
    BRANCHES_FIELD_NUMBER: _ClassVar[int]
    MEAN_RETURN_FIELD_NUMBER: _ClassVar[int]
    MILESTONE_SCORE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    arm: str
    branches: int
    mean_return: float
    milestone_score: float
    reason: _verdict_pb2.VerdictReason
    def __init__(self, arm: _Optional[str] = ..., branches: _Optional[int] = ..., mean_return: _Optional[float] = ..., milestone_score: _Optional[float] = ..., reason: _Optional[_Union[_verdict_pb2.VerdictReason, str]] = ...) -> None: ...

class ValidationProgress(_message.Message):
    __slots__ = ("phase", "arms", "env_steps", "env_steps_planned", "waits_for")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    ARMS_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_PLANNED_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    phase: ValidationPhase
    arms: _containers.RepeatedCompositeFieldContainer[ArmProgress]
    env_steps: int
    env_steps_planned: int
    waits_for: str
    def __init__(self, phase: _Optional[_Union[ValidationPhase, str]] = ..., arms: _Optional[_Iterable[_Union[ArmProgress, _Mapping]]] = ..., env_steps: _Optional[int] = ..., env_steps_planned: _Optional[int] = ..., waits_for: _Optional[str] = ...) -> None: ...

class ValidateResponse(_message.Message):
    __slots__ = ("progress", "result")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    progress: ValidationProgress
    result: _verdict_pb2.Validation
    def __init__(self, progress: _Optional[_Union[ValidationProgress, _Mapping]] = ..., result: _Optional[_Union[_verdict_pb2.Validation, _Mapping]] = ...) -> None: ...
