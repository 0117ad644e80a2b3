from also.v1 import branch_pb2 as _branch_pb2
from also.v1 import campaign_pb2 as _campaign_pb2
from also.v1 import checkpoint_pb2 as _checkpoint_pb2
from also.v1 import episode_pb2 as _episode_pb2
from also.v1 import evidence_pb2 as _evidence_pb2
from also.v1 import limits_pb2 as _limits_pb2
from also.v1 import shaping_pb2 as _shaping_pb2
from also.v1 import task_pb2 as _task_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListTasksRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListTasksResponse(_message.Message):
    __slots__ = ("suites",)
    SUITES_FIELD_NUMBER: _ClassVar[int]
    suites: _containers.RepeatedCompositeFieldContainer[_task_pb2.TaskSuite]
    def __init__(self, suites: _Optional[_Iterable[_Union[_task_pb2.TaskSuite, _Mapping]]] = ...) -> None: ...

class DescribeTaskRequest(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ...) -> None: ...

class DescribeTaskResponse(_message.Message):
    __slots__ = ("card",)
    CARD_FIELD_NUMBER: _ClassVar[int]
    card: _task_pb2.TaskCard
    def __init__(self, card: _Optional[_Union[_task_pb2.TaskCard, _Mapping]] = ...) -> None: ...

class TrainStageRequest(_message.Message):
    __slots__ = ("campaign_id", "run", "stage", "campaign", "checkpoint_id", "config", "env_steps", "gather_evidence", "card", "origin")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    GATHER_EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    run: str
    stage: int
    campaign: _campaign_pb2.Campaign
    checkpoint_id: str
    config: _shaping_pb2.ShapingConfig
    env_steps: int
    gather_evidence: bool
    card: _task_pb2.TaskCard
    origin: _checkpoint_pb2.Origin
    def __init__(self, campaign_id: _Optional[str] = ..., run: _Optional[str] = ..., stage: _Optional[int] = ..., campaign: _Optional[_Union[_campaign_pb2.Campaign, _Mapping]] = ..., checkpoint_id: _Optional[str] = ..., config: _Optional[_Union[_shaping_pb2.ShapingConfig, _Mapping]] = ..., env_steps: _Optional[int] = ..., gather_evidence: _Optional[bool] = ..., card: _Optional[_Union[_task_pb2.TaskCard, _Mapping]] = ..., origin: _Optional[_Union[_checkpoint_pb2.Origin, _Mapping]] = ...) -> None: ...

class TrainingProgress(_message.Message):
    __slots__ = ("env_steps", "env_steps_planned", "mean_return", "env_steps_per_second", "config_hash")
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_PLANNED_FIELD_NUMBER: _ClassVar[int]
    MEAN_RETURN_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASH_FIELD_NUMBER: _ClassVar[int]
    env_steps: int
    env_steps_planned: int
    mean_return: float
    env_steps_per_second: float
    config_hash: str
    def __init__(self, env_steps: _Optional[int] = ..., env_steps_planned: _Optional[int] = ..., mean_return: _Optional[float] = ..., env_steps_per_second: _Optional[float] = ..., config_hash: _Optional[str] = ...) -> None: ...

class StageResult(_message.Message):
    __slots__ = ("checkpoint_id", "evidence", "env_steps", "run_env_steps", "config_hash", "curve")
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    RUN_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASH_FIELD_NUMBER: _ClassVar[int]
    CURVE_FIELD_NUMBER: _ClassVar[int]
    checkpoint_id: str
    evidence: _evidence_pb2.Evidence
    env_steps: int
    run_env_steps: int
    config_hash: str
    curve: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.CurvePoint]
    def __init__(self, checkpoint_id: _Optional[str] = ..., evidence: _Optional[_Union[_evidence_pb2.Evidence, _Mapping]] = ..., env_steps: _Optional[int] = ..., run_env_steps: _Optional[int] = ..., config_hash: _Optional[str] = ..., curve: _Optional[_Iterable[_Union[_evidence_pb2.CurvePoint, _Mapping]]] = ...) -> None: ...

class TrainStageResponse(_message.Message):
    __slots__ = ("progress", "result")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    progress: TrainingProgress
    result: StageResult
    def __init__(self, progress: _Optional[_Union[TrainingProgress, _Mapping]] = ..., result: _Optional[_Union[StageResult, _Mapping]] = ...) -> None: ...

class ProbeShapingRequest(_message.Message):
    __slots__ = ("campaign_id", "campaign", "checkpoint_id", "configs", "card")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    CONFIGS_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    campaign: _campaign_pb2.Campaign
    checkpoint_id: str
    configs: _containers.RepeatedCompositeFieldContainer[_shaping_pb2.ShapingConfig]
    card: _task_pb2.TaskCard
    def __init__(self, campaign_id: _Optional[str] = ..., campaign: _Optional[_Union[_campaign_pb2.Campaign, _Mapping]] = ..., checkpoint_id: _Optional[str] = ..., configs: _Optional[_Iterable[_Union[_shaping_pb2.ShapingConfig, _Mapping]]] = ..., card: _Optional[_Union[_task_pb2.TaskCard, _Mapping]] = ...) -> None: ...

class ShapingProbe(_message.Message):
    __slots__ = ("terms", "varies")
    TERMS_FIELD_NUMBER: _ClassVar[int]
    VARIES_FIELD_NUMBER: _ClassVar[int]
    terms: _containers.RepeatedCompositeFieldContainer[_shaping_pb2.TermActivity]
    varies: bool
    def __init__(self, terms: _Optional[_Iterable[_Union[_shaping_pb2.TermActivity, _Mapping]]] = ..., varies: _Optional[bool] = ...) -> None: ...

class ProbeShapingResponse(_message.Message):
    __slots__ = ("probes",)
    PROBES_FIELD_NUMBER: _ClassVar[int]
    probes: _containers.RepeatedCompositeFieldContainer[ShapingProbe]
    def __init__(self, probes: _Optional[_Iterable[_Union[ShapingProbe, _Mapping]]] = ...) -> None: ...

class EvaluateRequest(_message.Message):
    __slots__ = ("campaign_id", "campaign", "checkpoint_id", "pool", "card")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    campaign: _campaign_pb2.Campaign
    checkpoint_id: str
    pool: _branch_pb2.SeedPool
    card: _task_pb2.TaskCard
    def __init__(self, campaign_id: _Optional[str] = ..., campaign: _Optional[_Union[_campaign_pb2.Campaign, _Mapping]] = ..., checkpoint_id: _Optional[str] = ..., pool: _Optional[_Union[_branch_pb2.SeedPool, str]] = ..., card: _Optional[_Union[_task_pb2.TaskCard, _Mapping]] = ...) -> None: ...

class EvaluateResponse(_message.Message):
    __slots__ = ("evaluation",)
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    evaluation: _branch_pb2.Evaluation
    def __init__(self, evaluation: _Optional[_Union[_branch_pb2.Evaluation, _Mapping]] = ...) -> None: ...

class ExtractPolicyRequest(_message.Message):
    __slots__ = ("campaign_id", "campaign", "checkpoint_id", "card")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    campaign: _campaign_pb2.Campaign
    checkpoint_id: str
    card: _task_pb2.TaskCard
    def __init__(self, campaign_id: _Optional[str] = ..., campaign: _Optional[_Union[_campaign_pb2.Campaign, _Mapping]] = ..., checkpoint_id: _Optional[str] = ..., card: _Optional[_Union[_task_pb2.TaskCard, _Mapping]] = ...) -> None: ...

class ExtractPolicyResponse(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: str
    def __init__(self, key: _Optional[str] = ...) -> None: ...

class ShowEpisodesRequest(_message.Message):
    __slots__ = ("campaign_id", "campaign", "checkpoint_id", "choices", "card")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    campaign: _campaign_pb2.Campaign
    checkpoint_id: str
    choices: _containers.RepeatedScalarFieldContainer[_episode_pb2.EpisodeChoice]
    card: _task_pb2.TaskCard
    def __init__(self, campaign_id: _Optional[str] = ..., campaign: _Optional[_Union[_campaign_pb2.Campaign, _Mapping]] = ..., checkpoint_id: _Optional[str] = ..., choices: _Optional[_Iterable[_Union[_episode_pb2.EpisodeChoice, str]]] = ..., card: _Optional[_Union[_task_pb2.TaskCard, _Mapping]] = ...) -> None: ...

class ShowEpisodesResponse(_message.Message):
    __slots__ = ("episode", "frame")
    EPISODE_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    episode: _episode_pb2.Episode
    frame: _episode_pb2.Frame
    def __init__(self, episode: _Optional[_Union[_episode_pb2.Episode, _Mapping]] = ..., frame: _Optional[_Union[_episode_pb2.Frame, _Mapping]] = ...) -> None: ...

class CheckTrainerRequest(_message.Message):
    __slots__ = ("learner", "campaign", "card", "branches")
    LEARNER_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    BRANCHES_FIELD_NUMBER: _ClassVar[int]
    learner: _campaign_pb2.LearnerSettings
    campaign: _campaign_pb2.Campaign
    card: _task_pb2.TaskCard
    branches: bool
    def __init__(self, learner: _Optional[_Union[_campaign_pb2.LearnerSettings, _Mapping]] = ..., campaign: _Optional[_Union[_campaign_pb2.Campaign, _Mapping]] = ..., card: _Optional[_Union[_task_pb2.TaskCard, _Mapping]] = ..., branches: _Optional[bool] = ...) -> None: ...

class CheckTrainerResponse(_message.Message):
    __slots__ = ("device", "memory")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FIELD_NUMBER: _ClassVar[int]
    device: str
    memory: str
    def __init__(self, device: _Optional[str] = ..., memory: _Optional[str] = ...) -> None: ...
