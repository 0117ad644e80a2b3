from also.v1 import campaign_pb2 as _campaign_pb2
from also.v1 import evidence_pb2 as _evidence_pb2
from also.v1 import limits_pb2 as _limits_pb2
from also.v1 import reading_pb2 as _reading_pb2
from also.v1 import reason_pb2 as _reason_pb2
from also.v1 import shaping_pb2 as _shaping_pb2
from also.v1 import task_pb2 as _task_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SeedPool(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEED_POOL_UNSPECIFIED: _ClassVar[SeedPool]
    SEED_POOL_SEARCH: _ClassVar[SeedPool]
    SEED_POOL_CONFIRM: _ClassVar[SeedPool]
    SEED_POOL_REPORT: _ClassVar[SeedPool]

class BranchFailure(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BRANCH_FAILURE_UNSPECIFIED: _ClassVar[BranchFailure]
    BRANCH_FAILURE_DIVERGED: _ClassVar[BranchFailure]
    BRANCH_FAILURE_OUT_OF_MEMORY: _ClassVar[BranchFailure]
    BRANCH_FAILURE_DEADLINE_EXCEEDED: _ClassVar[BranchFailure]
    BRANCH_FAILURE_IMAGE_UNAVAILABLE: _ClassVar[BranchFailure]
    BRANCH_FAILURE_QUOTA_EXCEEDED: _ClassVar[BranchFailure]
    BRANCH_FAILURE_UNSCHEDULABLE: _ClassVar[BranchFailure]
    BRANCH_FAILURE_NOT_ADMITTED: _ClassVar[BranchFailure]
    BRANCH_FAILURE_NODE_LOST: _ClassVar[BranchFailure]
    BRANCH_FAILURE_CRASHED: _ClassVar[BranchFailure]
SEED_POOL_UNSPECIFIED: SeedPool
SEED_POOL_SEARCH: SeedPool
SEED_POOL_CONFIRM: SeedPool
SEED_POOL_REPORT: SeedPool
BRANCH_FAILURE_UNSPECIFIED: BranchFailure
BRANCH_FAILURE_DIVERGED: BranchFailure
BRANCH_FAILURE_OUT_OF_MEMORY: BranchFailure
BRANCH_FAILURE_DEADLINE_EXCEEDED: BranchFailure
BRANCH_FAILURE_IMAGE_UNAVAILABLE: BranchFailure
BRANCH_FAILURE_QUOTA_EXCEEDED: BranchFailure
BRANCH_FAILURE_UNSCHEDULABLE: BranchFailure
BRANCH_FAILURE_NOT_ADMITTED: BranchFailure
BRANCH_FAILURE_NODE_LOST: BranchFailure
BRANCH_FAILURE_CRASHED: BranchFailure

class CampaignMark(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class Branch(_message.Message):
    __slots__ = ("arm", "seed_index", "seed", "config", "checkpoint_id")
    ARM_FIELD_NUMBER: _ClassVar[int]
    SEED_INDEX_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    arm: str
    seed_index: int
    seed: int
    config: _shaping_pb2.ShapingConfig
    checkpoint_id: str
    def __init__(self, arm: _Optional[str] = ..., seed_index: _Optional[int] = ..., seed: _Optional[int] = ..., config: _Optional[_Union[_shaping_pb2.ShapingConfig, _Mapping]] = ..., checkpoint_id: _Optional[str] = ...) -> None: ...

class BranchGroup(_message.Message):
    __slots__ = ("campaign_id", "name", "campaign", "pool", "branches", "env_steps", "stage", "round", "step", "card")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    BRANCHES_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    name: str
    campaign: _campaign_pb2.Campaign
    pool: SeedPool
    branches: _containers.RepeatedCompositeFieldContainer[Branch]
    env_steps: int
    stage: int
    round: int
    step: int
    card: _task_pb2.TaskCard
    def __init__(self, campaign_id: _Optional[str] = ..., name: _Optional[str] = ..., campaign: _Optional[_Union[_campaign_pb2.Campaign, _Mapping]] = ..., pool: _Optional[_Union[SeedPool, str]] = ..., branches: _Optional[_Iterable[_Union[Branch, _Mapping]]] = ..., env_steps: _Optional[int] = ..., stage: _Optional[int] = ..., round: _Optional[int] = ..., step: _Optional[int] = ..., card: _Optional[_Union[_task_pb2.TaskCard, _Mapping]] = ...) -> None: ...

class Measure(_message.Message):
    __slots__ = ("env_steps", "mean_return", "milestone_score", "success_rate", "episodes")
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    MEAN_RETURN_FIELD_NUMBER: _ClassVar[int]
    MILESTONE_SCORE_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_RATE_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    env_steps: int
    mean_return: float
    milestone_score: float
    success_rate: float
    episodes: int
    def __init__(self, env_steps: _Optional[int] = ..., mean_return: _Optional[float] = ..., milestone_score: _Optional[float] = ..., success_rate: _Optional[float] = ..., episodes: _Optional[int] = ...) -> None: ...

class BranchRecord(_message.Message):
    __slots__ = ("arm", "seed_index", "config_hash", "checkpoint_id", "measures", "terms", "env_steps", "failure", "failure_detail", "metrics_fault", "metrics_detail")
    ARM_FIELD_NUMBER: _ClassVar[int]
    SEED_INDEX_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASH_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    MEASURES_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_DETAIL_FIELD_NUMBER: _ClassVar[int]
    METRICS_FAULT_FIELD_NUMBER: _ClassVar[int]
    METRICS_DETAIL_FIELD_NUMBER: _ClassVar[int]
    arm: str
    seed_index: int
    config_hash: str
    checkpoint_id: str
    measures: _containers.RepeatedCompositeFieldContainer[Measure]
    terms: _containers.RepeatedCompositeFieldContainer[_shaping_pb2.TermActivity]
    env_steps: int
    failure: BranchFailure
    failure_detail: str
    metrics_fault: _reading_pb2.MetricsFault
    metrics_detail: str
    def __init__(self, arm: _Optional[str] = ..., seed_index: _Optional[int] = ..., config_hash: _Optional[str] = ..., checkpoint_id: _Optional[str] = ..., measures: _Optional[_Iterable[_Union[Measure, _Mapping]]] = ..., terms: _Optional[_Iterable[_Union[_shaping_pb2.TermActivity, _Mapping]]] = ..., env_steps: _Optional[int] = ..., failure: _Optional[_Union[BranchFailure, str]] = ..., failure_detail: _Optional[str] = ..., metrics_fault: _Optional[_Union[_reading_pb2.MetricsFault, str]] = ..., metrics_detail: _Optional[str] = ...) -> None: ...

class BranchProgress(_message.Message):
    __slots__ = ("env_steps", "records", "waits_for")
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    env_steps: int
    records: _containers.RepeatedCompositeFieldContainer[BranchRecord]
    waits_for: str
    def __init__(self, env_steps: _Optional[int] = ..., records: _Optional[_Iterable[_Union[BranchRecord, _Mapping]]] = ..., waits_for: _Optional[str] = ...) -> None: ...

class BranchGroupResult(_message.Message):
    __slots__ = ("name", "records", "seconds", "processes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    PROCESSES_FIELD_NUMBER: _ClassVar[int]
    name: str
    records: _containers.RepeatedCompositeFieldContainer[BranchRecord]
    seconds: float
    processes: int
    def __init__(self, name: _Optional[str] = ..., records: _Optional[_Iterable[_Union[BranchRecord, _Mapping]]] = ..., seconds: _Optional[float] = ..., processes: _Optional[int] = ...) -> None: ...

class BranchGroupSave(_message.Message):
    __slots__ = ("name", "updates", "schema_version", "learner_hash", "run_env_steps", "run_updates", "config_hashes", "records", "finite", "tensors_sha256", "seconds", "processes", "parts")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UPDATES_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    LEARNER_HASH_FIELD_NUMBER: _ClassVar[int]
    RUN_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    RUN_UPDATES_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASHES_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    FINITE_FIELD_NUMBER: _ClassVar[int]
    TENSORS_SHA256_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    PROCESSES_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    updates: int
    schema_version: int
    learner_hash: str
    run_env_steps: int
    run_updates: int
    config_hashes: _containers.RepeatedScalarFieldContainer[str]
    records: _containers.RepeatedCompositeFieldContainer[BranchRecord]
    finite: _containers.RepeatedScalarFieldContainer[bool]
    tensors_sha256: str
    seconds: float
    processes: int
    parts: int
    def __init__(self, name: _Optional[str] = ..., updates: _Optional[int] = ..., schema_version: _Optional[int] = ..., learner_hash: _Optional[str] = ..., run_env_steps: _Optional[int] = ..., run_updates: _Optional[int] = ..., config_hashes: _Optional[_Iterable[str]] = ..., records: _Optional[_Iterable[_Union[BranchRecord, _Mapping]]] = ..., finite: _Optional[_Iterable[bool]] = ..., tensors_sha256: _Optional[str] = ..., seconds: _Optional[float] = ..., processes: _Optional[int] = ..., parts: _Optional[int] = ...) -> None: ...

class Evaluation(_message.Message):
    __slots__ = ("checkpoint_id", "pool", "returns", "return_low", "return_high", "success_rate", "milestone_score")
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    RETURNS_FIELD_NUMBER: _ClassVar[int]
    RETURN_LOW_FIELD_NUMBER: _ClassVar[int]
    RETURN_HIGH_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_RATE_FIELD_NUMBER: _ClassVar[int]
    MILESTONE_SCORE_FIELD_NUMBER: _ClassVar[int]
    checkpoint_id: str
    pool: SeedPool
    returns: _evidence_pb2.Distribution
    return_low: float
    return_high: float
    success_rate: float
    milestone_score: float
    def __init__(self, checkpoint_id: _Optional[str] = ..., pool: _Optional[_Union[SeedPool, str]] = ..., returns: _Optional[_Union[_evidence_pb2.Distribution, _Mapping]] = ..., return_low: _Optional[float] = ..., return_high: _Optional[float] = ..., success_rate: _Optional[float] = ..., milestone_score: _Optional[float] = ...) -> None: ...
