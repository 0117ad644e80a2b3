from also.v1 import branch_pb2 as _branch_pb2
from also.v1 import limits_pb2 as _limits_pb2
from also.v1 import llm_pb2 as _llm_pb2
from also.v1 import reading_pb2 as _reading_pb2
from also.v1 import reason_pb2 as _reason_pb2
from also.v1 import shaping_pb2 as _shaping_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_PROMOTED: _ClassVar[Outcome]
    OUTCOME_PROMOTED_PROVISIONALLY: _ClassVar[Outcome]
    OUTCOME_REJECTED: _ClassVar[Outcome]
    OUTCOME_INCONCLUSIVE: _ClassVar[Outcome]

class VerdictReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_REASON_UNSPECIFIED: _ClassVar[VerdictReason]
    VERDICT_REASON_GAIN_CONFIRMED: _ClassVar[VerdictReason]
    VERDICT_REASON_MILESTONES_CONFIRMED: _ClassVar[VerdictReason]
    VERDICT_REASON_INVALID_CONFIG: _ClassVar[VerdictReason]
    VERDICT_REASON_DUPLICATE: _ClassVar[VerdictReason]
    VERDICT_REASON_DEAD_TERM: _ClassVar[VerdictReason]
    VERDICT_REASON_SATURATED_TERM: _ClassVar[VerdictReason]
    VERDICT_REASON_NON_FINITE: _ClassVar[VerdictReason]
    VERDICT_REASON_LOST_SEARCH: _ClassVar[VerdictReason]
    VERDICT_REASON_BELOW_CONTROL: _ClassVar[VerdictReason]
    VERDICT_REASON_NOT_SIGNIFICANT: _ClassVar[VerdictReason]
    VERDICT_REASON_GAIN_TOO_SMALL: _ClassVar[VerdictReason]
    VERDICT_REASON_TOO_FEW_SEEDS: _ClassVar[VerdictReason]
    VERDICT_REASON_NO_EVIDENCE: _ClassVar[VerdictReason]
    VERDICT_REASON_CONTROL_FAILED: _ClassVar[VerdictReason]
    VERDICT_REASON_BRANCH_FAILED: _ClassVar[VerdictReason]
    VERDICT_REASON_HASH_MISMATCH: _ClassVar[VerdictReason]
    VERDICT_REASON_BUDGET_SPENT: _ClassVar[VerdictReason]
    VERDICT_REASON_METRICS_UNAVAILABLE: _ClassVar[VerdictReason]
    VERDICT_REASON_METRICS_INCOMPLETE: _ClassVar[VerdictReason]
    VERDICT_REASON_METRICS_STALE: _ClassVar[VerdictReason]
    VERDICT_REASON_METRICS_NOT_FINITE: _ClassVar[VerdictReason]
    VERDICT_REASON_METRICS_AMBIGUOUS: _ClassVar[VerdictReason]
    VERDICT_REASON_METRICS_MISMATCH: _ClassVar[VerdictReason]
    VERDICT_REASON_GUARD_FAILED: _ClassVar[VerdictReason]
    VERDICT_REASON_RACE_WON: _ClassVar[VerdictReason]
    VERDICT_REASON_RACE_LOST: _ClassVar[VerdictReason]
    VERDICT_REASON_RACE_STOOD_STILL: _ClassVar[VerdictReason]
    VERDICT_REASON_NOT_TRIED: _ClassVar[VerdictReason]
    VERDICT_REASON_UNPROVEN: _ClassVar[VerdictReason]
    VERDICT_REASON_TRUSTED: _ClassVar[VerdictReason]
    VERDICT_REASON_EASED: _ClassVar[VerdictReason]
    VERDICT_REASON_TOO_EARLY: _ClassVar[VerdictReason]
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_PROMOTED: Outcome
OUTCOME_PROMOTED_PROVISIONALLY: Outcome
OUTCOME_REJECTED: Outcome
OUTCOME_INCONCLUSIVE: Outcome
VERDICT_REASON_UNSPECIFIED: VerdictReason
VERDICT_REASON_GAIN_CONFIRMED: VerdictReason
VERDICT_REASON_MILESTONES_CONFIRMED: VerdictReason
VERDICT_REASON_INVALID_CONFIG: VerdictReason
VERDICT_REASON_DUPLICATE: VerdictReason
VERDICT_REASON_DEAD_TERM: VerdictReason
VERDICT_REASON_SATURATED_TERM: VerdictReason
VERDICT_REASON_NON_FINITE: VerdictReason
VERDICT_REASON_LOST_SEARCH: VerdictReason
VERDICT_REASON_BELOW_CONTROL: VerdictReason
VERDICT_REASON_NOT_SIGNIFICANT: VerdictReason
VERDICT_REASON_GAIN_TOO_SMALL: VerdictReason
VERDICT_REASON_TOO_FEW_SEEDS: VerdictReason
VERDICT_REASON_NO_EVIDENCE: VerdictReason
VERDICT_REASON_CONTROL_FAILED: VerdictReason
VERDICT_REASON_BRANCH_FAILED: VerdictReason
VERDICT_REASON_HASH_MISMATCH: VerdictReason
VERDICT_REASON_BUDGET_SPENT: VerdictReason
VERDICT_REASON_METRICS_UNAVAILABLE: VerdictReason
VERDICT_REASON_METRICS_INCOMPLETE: VerdictReason
VERDICT_REASON_METRICS_STALE: VerdictReason
VERDICT_REASON_METRICS_NOT_FINITE: VerdictReason
VERDICT_REASON_METRICS_AMBIGUOUS: VerdictReason
VERDICT_REASON_METRICS_MISMATCH: VerdictReason
VERDICT_REASON_GUARD_FAILED: VerdictReason
VERDICT_REASON_RACE_WON: VerdictReason
VERDICT_REASON_RACE_LOST: VerdictReason
VERDICT_REASON_RACE_STOOD_STILL: VerdictReason
VERDICT_REASON_NOT_TRIED: VerdictReason
VERDICT_REASON_UNPROVEN: VerdictReason
VERDICT_REASON_TRUSTED: VerdictReason
VERDICT_REASON_EASED: VerdictReason
VERDICT_REASON_TOO_EARLY: VerdictReason

class Candidate(_message.Message):
    __slots__ = ("name", "config", "config_hash", "finding", "origin")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASH_FIELD_NUMBER: _ClassVar[int]
    FINDING_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    name: str
    config: _shaping_pb2.ShapingConfig
    config_hash: str
    finding: int
    origin: _llm_pb2.LlmOrigin
    def __init__(self, name: _Optional[str] = ..., config: _Optional[_Union[_shaping_pb2.ShapingConfig, _Mapping]] = ..., config_hash: _Optional[str] = ..., finding: _Optional[int] = ..., origin: _Optional[_Union[_llm_pb2.LlmOrigin, _Mapping]] = ...) -> None: ...

class PairedTest(_message.Message):
    __slots__ = ("measure", "pairs", "mean_gain", "gain_low", "gain_high", "p_value", "alpha", "loss_likelihood")
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    PAIRS_FIELD_NUMBER: _ClassVar[int]
    MEAN_GAIN_FIELD_NUMBER: _ClassVar[int]
    GAIN_LOW_FIELD_NUMBER: _ClassVar[int]
    GAIN_HIGH_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    LOSS_LIKELIHOOD_FIELD_NUMBER: _ClassVar[int]
    measure: str
    pairs: int
    mean_gain: float
    gain_low: float
    gain_high: float
    p_value: float
    alpha: float
    loss_likelihood: float
    def __init__(self, measure: _Optional[str] = ..., pairs: _Optional[int] = ..., mean_gain: _Optional[float] = ..., gain_low: _Optional[float] = ..., gain_high: _Optional[float] = ..., p_value: _Optional[float] = ..., alpha: _Optional[float] = ..., loss_likelihood: _Optional[float] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ("candidate", "config_hash", "outcome", "reason", "detail", "test", "terms", "invariance")
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASH_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    INVARIANCE_FIELD_NUMBER: _ClassVar[int]
    candidate: str
    config_hash: str
    outcome: Outcome
    reason: VerdictReason
    detail: str
    test: PairedTest
    terms: _containers.RepeatedCompositeFieldContainer[_shaping_pb2.TermActivity]
    invariance: _shaping_pb2.Invariance
    def __init__(self, candidate: _Optional[str] = ..., config_hash: _Optional[str] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., reason: _Optional[_Union[VerdictReason, str]] = ..., detail: _Optional[str] = ..., test: _Optional[_Union[PairedTest, _Mapping]] = ..., terms: _Optional[_Iterable[_Union[_shaping_pb2.TermActivity, _Mapping]]] = ..., invariance: _Optional[_Union[_shaping_pb2.Invariance, str]] = ...) -> None: ...

class ArmResult(_message.Message):
    __slots__ = ("arm", "pool", "records")
    ARM_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    arm: str
    pool: _branch_pb2.SeedPool
    records: _containers.RepeatedCompositeFieldContainer[_branch_pb2.BranchRecord]
    def __init__(self, arm: _Optional[str] = ..., pool: _Optional[_Union[_branch_pb2.SeedPool, str]] = ..., records: _Optional[_Iterable[_Union[_branch_pb2.BranchRecord, _Mapping]]] = ...) -> None: ...

class Validation(_message.Message):
    __slots__ = ("verdicts", "arms", "promoted", "adopted_checkpoint_id", "control_checkpoint_id", "control_return", "control_milestone_score", "promoted_return", "promoted_milestone_score", "env_steps", "guards")
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    ARMS_FIELD_NUMBER: _ClassVar[int]
    PROMOTED_FIELD_NUMBER: _ClassVar[int]
    ADOPTED_CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTROL_CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTROL_RETURN_FIELD_NUMBER: _ClassVar[int]
    CONTROL_MILESTONE_SCORE_FIELD_NUMBER: _ClassVar[int]
    PROMOTED_RETURN_FIELD_NUMBER: _ClassVar[int]
    PROMOTED_MILESTONE_SCORE_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    GUARDS_FIELD_NUMBER: _ClassVar[int]
    verdicts: _containers.RepeatedCompositeFieldContainer[Verdict]
    arms: _containers.RepeatedCompositeFieldContainer[ArmResult]
    promoted: str
    adopted_checkpoint_id: str
    control_checkpoint_id: str
    control_return: float
    control_milestone_score: float
    promoted_return: float
    promoted_milestone_score: float
    env_steps: int
    guards: _containers.RepeatedCompositeFieldContainer[_reading_pb2.GuardReading]
    def __init__(self, verdicts: _Optional[_Iterable[_Union[Verdict, _Mapping]]] = ..., arms: _Optional[_Iterable[_Union[ArmResult, _Mapping]]] = ..., promoted: _Optional[str] = ..., adopted_checkpoint_id: _Optional[str] = ..., control_checkpoint_id: _Optional[str] = ..., control_return: _Optional[float] = ..., control_milestone_score: _Optional[float] = ..., promoted_return: _Optional[float] = ..., promoted_milestone_score: _Optional[float] = ..., env_steps: _Optional[int] = ..., guards: _Optional[_Iterable[_Union[_reading_pb2.GuardReading, _Mapping]]] = ...) -> None: ...

class Trial(_message.Message):
    __slots__ = ("stage", "round", "candidate", "verdict")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    stage: int
    round: int
    candidate: Candidate
    verdict: Verdict
    def __init__(self, stage: _Optional[int] = ..., round: _Optional[int] = ..., candidate: _Optional[_Union[Candidate, _Mapping]] = ..., verdict: _Optional[_Union[Verdict, _Mapping]] = ...) -> None: ...
