from also.v1 import branch_pb2 as _branch_pb2
from also.v1 import campaign_pb2 as _campaign_pb2
from also.v1 import checkpoint_pb2 as _checkpoint_pb2
from also.v1 import diagnosis_pb2 as _diagnosis_pb2
from also.v1 import evidence_pb2 as _evidence_pb2
from also.v1 import limits_pb2 as _limits_pb2
from also.v1 import llm_pb2 as _llm_pb2
from also.v1 import reason_pb2 as _reason_pb2
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

class HoldReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOLD_REASON_UNSPECIFIED: _ClassVar[HoldReason]
    HOLD_REASON_NOTHING_TO_CHANGE: _ClassVar[HoldReason]
    HOLD_REASON_NO_CANDIDATES: _ClassVar[HoldReason]
    HOLD_REASON_NOTHING_PROMOTED: _ClassVar[HoldReason]
    HOLD_REASON_CONTROL_FAILED: _ClassVar[HoldReason]
    HOLD_REASON_BUDGET_SPENT: _ClassVar[HoldReason]
    HOLD_REASON_CRITIC_FAILED: _ClassVar[HoldReason]
    HOLD_REASON_GENERATOR_FAILED: _ClassVar[HoldReason]
    HOLD_REASON_LLM_UNAVAILABLE: _ClassVar[HoldReason]
    HOLD_REASON_LLM_BUDGET_SPENT: _ClassVar[HoldReason]
    HOLD_REASON_LLM_REPLY_INVALID: _ClassVar[HoldReason]
    HOLD_REASON_METRICS_UNAVAILABLE: _ClassVar[HoldReason]
    HOLD_REASON_METRICS_INCOMPLETE: _ClassVar[HoldReason]
    HOLD_REASON_METRICS_STALE: _ClassVar[HoldReason]
    HOLD_REASON_METRICS_NOT_FINITE: _ClassVar[HoldReason]
    HOLD_REASON_METRICS_AMBIGUOUS: _ClassVar[HoldReason]
    HOLD_REASON_METRICS_MISMATCH: _ClassVar[HoldReason]
    HOLD_REASON_STILL_LEARNING: _ClassVar[HoldReason]
    HOLD_REASON_SHARE_SPENT: _ClassVar[HoldReason]
    HOLD_REASON_LLM_CONTRADICTED: _ClassVar[HoldReason]
    HOLD_REASON_DRY_RUN: _ClassVar[HoldReason]
    HOLD_REASON_REJECTED: _ClassVar[HoldReason]

class RollbackReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLLBACK_REASON_UNSPECIFIED: _ClassVar[RollbackReason]
    ROLLBACK_REASON_RETURN_FELL: _ClassVar[RollbackReason]
    ROLLBACK_REASON_NOT_CONFIRMED: _ClassVar[RollbackReason]

class FinishReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINISH_REASON_UNSPECIFIED: _ClassVar[FinishReason]
    FINISH_REASON_STAGES_DONE: _ClassVar[FinishReason]
    FINISH_REASON_BUDGET_SPENT: _ClassVar[FinishReason]
HOLD_REASON_UNSPECIFIED: HoldReason
HOLD_REASON_NOTHING_TO_CHANGE: HoldReason
HOLD_REASON_NO_CANDIDATES: HoldReason
HOLD_REASON_NOTHING_PROMOTED: HoldReason
HOLD_REASON_CONTROL_FAILED: HoldReason
HOLD_REASON_BUDGET_SPENT: HoldReason
HOLD_REASON_CRITIC_FAILED: HoldReason
HOLD_REASON_GENERATOR_FAILED: HoldReason
HOLD_REASON_LLM_UNAVAILABLE: HoldReason
HOLD_REASON_LLM_BUDGET_SPENT: HoldReason
HOLD_REASON_LLM_REPLY_INVALID: HoldReason
HOLD_REASON_METRICS_UNAVAILABLE: HoldReason
HOLD_REASON_METRICS_INCOMPLETE: HoldReason
HOLD_REASON_METRICS_STALE: HoldReason
HOLD_REASON_METRICS_NOT_FINITE: HoldReason
HOLD_REASON_METRICS_AMBIGUOUS: HoldReason
HOLD_REASON_METRICS_MISMATCH: HoldReason
HOLD_REASON_STILL_LEARNING: HoldReason
HOLD_REASON_SHARE_SPENT: HoldReason
HOLD_REASON_LLM_CONTRADICTED: HoldReason
HOLD_REASON_DRY_RUN: HoldReason
HOLD_REASON_REJECTED: HoldReason
ROLLBACK_REASON_UNSPECIFIED: RollbackReason
ROLLBACK_REASON_RETURN_FELL: RollbackReason
ROLLBACK_REASON_NOT_CONFIRMED: RollbackReason
FINISH_REASON_UNSPECIFIED: FinishReason
FINISH_REASON_STAGES_DONE: FinishReason
FINISH_REASON_BUDGET_SPENT: FinishReason

class JournalRecord(_message.Message):
    __slots__ = ("schema_version", "sequence", "previous_sha256", "written_at", "conductor", "started", "stage_trained", "diagnosed", "proposed", "validated", "promoted", "held", "rolled_back", "reported", "finished", "amended", "stopped", "reviewed")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_SHA256_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_AT_FIELD_NUMBER: _ClassVar[int]
    CONDUCTOR_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    STAGE_TRAINED_FIELD_NUMBER: _ClassVar[int]
    DIAGNOSED_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_FIELD_NUMBER: _ClassVar[int]
    VALIDATED_FIELD_NUMBER: _ClassVar[int]
    PROMOTED_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    ROLLED_BACK_FIELD_NUMBER: _ClassVar[int]
    REPORTED_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    AMENDED_FIELD_NUMBER: _ClassVar[int]
    STOPPED_FIELD_NUMBER: _ClassVar[int]
    REVIEWED_FIELD_NUMBER: _ClassVar[int]
    schema_version: int
    sequence: int
    previous_sha256: str
    written_at: str
    conductor: str
    started: CampaignStarted
    stage_trained: StageTrained
    diagnosed: Diagnosed
    proposed: Proposed
    validated: Validated
    promoted: Promoted
    held: Held
    rolled_back: RolledBack
    reported: Reported
    finished: Finished
    amended: Amended
    stopped: Stopped
    reviewed: Reviewed
    def __init__(self, schema_version: _Optional[int] = ..., sequence: _Optional[int] = ..., previous_sha256: _Optional[str] = ..., written_at: _Optional[str] = ..., conductor: _Optional[str] = ..., started: _Optional[_Union[CampaignStarted, _Mapping]] = ..., stage_trained: _Optional[_Union[StageTrained, _Mapping]] = ..., diagnosed: _Optional[_Union[Diagnosed, _Mapping]] = ..., proposed: _Optional[_Union[Proposed, _Mapping]] = ..., validated: _Optional[_Union[Validated, _Mapping]] = ..., promoted: _Optional[_Union[Promoted, _Mapping]] = ..., held: _Optional[_Union[Held, _Mapping]] = ..., rolled_back: _Optional[_Union[RolledBack, _Mapping]] = ..., reported: _Optional[_Union[Reported, _Mapping]] = ..., finished: _Optional[_Union[Finished, _Mapping]] = ..., amended: _Optional[_Union[Amended, _Mapping]] = ..., stopped: _Optional[_Union[Stopped, _Mapping]] = ..., reviewed: _Optional[_Union[Reviewed, _Mapping]] = ...) -> None: ...

class CampaignStarted(_message.Message):
    __slots__ = ("campaign", "card", "folder", "origin")
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    campaign: _campaign_pb2.Campaign
    card: _task_pb2.TaskCard
    folder: str
    origin: _checkpoint_pb2.Origin
    def __init__(self, campaign: _Optional[_Union[_campaign_pb2.Campaign, _Mapping]] = ..., card: _Optional[_Union[_task_pb2.TaskCard, _Mapping]] = ..., folder: _Optional[str] = ..., origin: _Optional[_Union[_checkpoint_pb2.Origin, _Mapping]] = ...) -> None: ...

class Amended(_message.Message):
    __slots__ = ("campaign",)
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    campaign: _campaign_pb2.Campaign
    def __init__(self, campaign: _Optional[_Union[_campaign_pb2.Campaign, _Mapping]] = ...) -> None: ...

class Stopped(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StageTrained(_message.Message):
    __slots__ = ("stage", "checkpoint_id", "evidence", "env_steps")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    stage: int
    checkpoint_id: str
    evidence: _evidence_pb2.Evidence
    env_steps: int
    def __init__(self, stage: _Optional[int] = ..., checkpoint_id: _Optional[str] = ..., evidence: _Optional[_Union[_evidence_pb2.Evidence, _Mapping]] = ..., env_steps: _Optional[int] = ...) -> None: ...

class Diagnosed(_message.Message):
    __slots__ = ("stage", "diagnosis", "llm")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    DIAGNOSIS_FIELD_NUMBER: _ClassVar[int]
    LLM_FIELD_NUMBER: _ClassVar[int]
    stage: int
    diagnosis: _diagnosis_pb2.Diagnosis
    llm: _llm_pb2.LlmUse
    def __init__(self, stage: _Optional[int] = ..., diagnosis: _Optional[_Union[_diagnosis_pb2.Diagnosis, _Mapping]] = ..., llm: _Optional[_Union[_llm_pb2.LlmUse, _Mapping]] = ...) -> None: ...

class Proposed(_message.Message):
    __slots__ = ("stage", "round", "candidates", "llm")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    LLM_FIELD_NUMBER: _ClassVar[int]
    stage: int
    round: int
    candidates: _containers.RepeatedCompositeFieldContainer[_verdict_pb2.Candidate]
    llm: _llm_pb2.LlmUse
    def __init__(self, stage: _Optional[int] = ..., round: _Optional[int] = ..., candidates: _Optional[_Iterable[_Union[_verdict_pb2.Candidate, _Mapping]]] = ..., llm: _Optional[_Union[_llm_pb2.LlmUse, _Mapping]] = ...) -> None: ...

class Validated(_message.Message):
    __slots__ = ("stage", "round", "validation")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FIELD_NUMBER: _ClassVar[int]
    stage: int
    round: int
    validation: _verdict_pb2.Validation
    def __init__(self, stage: _Optional[int] = ..., round: _Optional[int] = ..., validation: _Optional[_Union[_verdict_pb2.Validation, _Mapping]] = ...) -> None: ...

class Reviewed(_message.Message):
    __slots__ = ("stage", "round", "candidate", "approved", "note")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    APPROVED_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    stage: int
    round: int
    candidate: str
    approved: bool
    note: str
    def __init__(self, stage: _Optional[int] = ..., round: _Optional[int] = ..., candidate: _Optional[str] = ..., approved: _Optional[bool] = ..., note: _Optional[str] = ...) -> None: ...

class Promoted(_message.Message):
    __slots__ = ("stage", "candidate", "config", "config_hash", "provisional", "checkpoint_id", "run_env_steps")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASH_FIELD_NUMBER: _ClassVar[int]
    PROVISIONAL_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    stage: int
    candidate: str
    config: _shaping_pb2.ShapingConfig
    config_hash: str
    provisional: bool
    checkpoint_id: str
    run_env_steps: int
    def __init__(self, stage: _Optional[int] = ..., candidate: _Optional[str] = ..., config: _Optional[_Union[_shaping_pb2.ShapingConfig, _Mapping]] = ..., config_hash: _Optional[str] = ..., provisional: _Optional[bool] = ..., checkpoint_id: _Optional[str] = ..., run_env_steps: _Optional[int] = ...) -> None: ...

class Held(_message.Message):
    __slots__ = ("stage", "reason", "detail", "checkpoint_id", "run_env_steps", "llm")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    LLM_FIELD_NUMBER: _ClassVar[int]
    stage: int
    reason: HoldReason
    detail: str
    checkpoint_id: str
    run_env_steps: int
    llm: _llm_pb2.LlmUse
    def __init__(self, stage: _Optional[int] = ..., reason: _Optional[_Union[HoldReason, str]] = ..., detail: _Optional[str] = ..., checkpoint_id: _Optional[str] = ..., run_env_steps: _Optional[int] = ..., llm: _Optional[_Union[_llm_pb2.LlmUse, _Mapping]] = ...) -> None: ...

class RolledBack(_message.Message):
    __slots__ = ("stage", "reason", "detail", "config", "config_hash", "checkpoint_id", "run_env_steps", "promotion_stage")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASH_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    PROMOTION_STAGE_FIELD_NUMBER: _ClassVar[int]
    stage: int
    reason: RollbackReason
    detail: str
    config: _shaping_pb2.ShapingConfig
    config_hash: str
    checkpoint_id: str
    run_env_steps: int
    promotion_stage: int
    def __init__(self, stage: _Optional[int] = ..., reason: _Optional[_Union[RollbackReason, str]] = ..., detail: _Optional[str] = ..., config: _Optional[_Union[_shaping_pb2.ShapingConfig, _Mapping]] = ..., config_hash: _Optional[str] = ..., checkpoint_id: _Optional[str] = ..., run_env_steps: _Optional[int] = ..., promotion_stage: _Optional[int] = ...) -> None: ...

class Reported(_message.Message):
    __slots__ = ("evaluation", "env_steps", "reference", "reference_env_steps", "one_shot", "one_shot_env_steps")
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    ONE_SHOT_FIELD_NUMBER: _ClassVar[int]
    ONE_SHOT_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    evaluation: _branch_pb2.Evaluation
    env_steps: int
    reference: _branch_pb2.Evaluation
    reference_env_steps: int
    one_shot: _branch_pb2.Evaluation
    one_shot_env_steps: int
    def __init__(self, evaluation: _Optional[_Union[_branch_pb2.Evaluation, _Mapping]] = ..., env_steps: _Optional[int] = ..., reference: _Optional[_Union[_branch_pb2.Evaluation, _Mapping]] = ..., reference_env_steps: _Optional[int] = ..., one_shot: _Optional[_Union[_branch_pb2.Evaluation, _Mapping]] = ..., one_shot_env_steps: _Optional[int] = ...) -> None: ...

class Finished(_message.Message):
    __slots__ = ("reason", "checkpoint_id")
    REASON_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    reason: FinishReason
    checkpoint_id: str
    def __init__(self, reason: _Optional[_Union[FinishReason, str]] = ..., checkpoint_id: _Optional[str] = ...) -> None: ...
