from also.v1 import shaping_pb2 as _shaping_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Distribution(_message.Message):
    __slots__ = ("mean", "deviation", "minimum", "lower_quartile", "median", "upper_quartile", "maximum", "count")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    DEVIATION_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    LOWER_QUARTILE_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    UPPER_QUARTILE_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    mean: float
    deviation: float
    minimum: float
    lower_quartile: float
    median: float
    upper_quartile: float
    maximum: float
    count: int
    def __init__(self, mean: _Optional[float] = ..., deviation: _Optional[float] = ..., minimum: _Optional[float] = ..., lower_quartile: _Optional[float] = ..., median: _Optional[float] = ..., upper_quartile: _Optional[float] = ..., maximum: _Optional[float] = ..., count: _Optional[int] = ...) -> None: ...

class CurvePoint(_message.Message):
    __slots__ = ("env_steps", "mean_return")
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    MEAN_RETURN_FIELD_NUMBER: _ClassVar[int]
    env_steps: int
    mean_return: float
    def __init__(self, env_steps: _Optional[int] = ..., mean_return: _Optional[float] = ...) -> None: ...

class MilestoneEvidence(_message.Message):
    __slots__ = ("milestone", "reached", "mean_first_step", "agents_needed", "best_value", "threshold", "turned_back")
    MILESTONE_FIELD_NUMBER: _ClassVar[int]
    REACHED_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIRST_STEP_FIELD_NUMBER: _ClassVar[int]
    AGENTS_NEEDED_FIELD_NUMBER: _ClassVar[int]
    BEST_VALUE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    TURNED_BACK_FIELD_NUMBER: _ClassVar[int]
    milestone: str
    reached: float
    mean_first_step: float
    agents_needed: int
    best_value: float
    threshold: float
    turned_back: float
    def __init__(self, milestone: _Optional[str] = ..., reached: _Optional[float] = ..., mean_first_step: _Optional[float] = ..., agents_needed: _Optional[int] = ..., best_value: _Optional[float] = ..., threshold: _Optional[float] = ..., turned_back: _Optional[float] = ...) -> None: ...

class FeatureEvidence(_message.Message):
    __slots__ = ("feature", "mean", "mean_last", "mean_successful", "mean_failed", "effect_size", "clipped")
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    MEAN_LAST_FIELD_NUMBER: _ClassVar[int]
    MEAN_SUCCESSFUL_FIELD_NUMBER: _ClassVar[int]
    MEAN_FAILED_FIELD_NUMBER: _ClassVar[int]
    EFFECT_SIZE_FIELD_NUMBER: _ClassVar[int]
    CLIPPED_FIELD_NUMBER: _ClassVar[int]
    feature: str
    mean: float
    mean_last: float
    mean_successful: float
    mean_failed: float
    effect_size: float
    clipped: float
    def __init__(self, feature: _Optional[str] = ..., mean: _Optional[float] = ..., mean_last: _Optional[float] = ..., mean_successful: _Optional[float] = ..., mean_failed: _Optional[float] = ..., effect_size: _Optional[float] = ..., clipped: _Optional[float] = ...) -> None: ...

class AgentEvidence(_message.Message):
    __slots__ = ("agent", "contribution", "idle_rate", "action_entropy", "feature_means")
    AGENT_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    IDLE_RATE_FIELD_NUMBER: _ClassVar[int]
    ACTION_ENTROPY_FIELD_NUMBER: _ClassVar[int]
    FEATURE_MEANS_FIELD_NUMBER: _ClassVar[int]
    agent: str
    contribution: float
    idle_rate: float
    action_entropy: float
    feature_means: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, agent: _Optional[str] = ..., contribution: _Optional[float] = ..., idle_rate: _Optional[float] = ..., action_entropy: _Optional[float] = ..., feature_means: _Optional[_Iterable[float]] = ...) -> None: ...

class OptimisationEvidence(_message.Message):
    __slots__ = ("entropy", "kl", "clip_fraction", "task_explained_variance", "shaping_explained_variance", "gradient_norm")
    ENTROPY_FIELD_NUMBER: _ClassVar[int]
    KL_FIELD_NUMBER: _ClassVar[int]
    CLIP_FRACTION_FIELD_NUMBER: _ClassVar[int]
    TASK_EXPLAINED_VARIANCE_FIELD_NUMBER: _ClassVar[int]
    SHAPING_EXPLAINED_VARIANCE_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_NORM_FIELD_NUMBER: _ClassVar[int]
    entropy: float
    kl: float
    clip_fraction: float
    task_explained_variance: float
    shaping_explained_variance: float
    gradient_norm: float
    def __init__(self, entropy: _Optional[float] = ..., kl: _Optional[float] = ..., clip_fraction: _Optional[float] = ..., task_explained_variance: _Optional[float] = ..., shaping_explained_variance: _Optional[float] = ..., gradient_norm: _Optional[float] = ...) -> None: ...

class ValueLearningEvidence(_message.Message):
    __slots__ = ("td_error", "mean_value", "epsilon", "gradient_norm", "replay_episodes")
    TD_ERROR_FIELD_NUMBER: _ClassVar[int]
    MEAN_VALUE_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_NORM_FIELD_NUMBER: _ClassVar[int]
    REPLAY_EPISODES_FIELD_NUMBER: _ClassVar[int]
    td_error: float
    mean_value: float
    epsilon: float
    gradient_norm: float
    replay_episodes: float
    def __init__(self, td_error: _Optional[float] = ..., mean_value: _Optional[float] = ..., epsilon: _Optional[float] = ..., gradient_norm: _Optional[float] = ..., replay_episodes: _Optional[float] = ...) -> None: ...

class Evidence(_message.Message):
    __slots__ = ("stage", "env_steps", "returns", "success_rate", "milestone_score", "curve", "milestones", "features", "agents", "optimisation", "terms", "mean_length", "config_hash", "return_low", "return_high", "value_learning")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    RETURNS_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_RATE_FIELD_NUMBER: _ClassVar[int]
    MILESTONE_SCORE_FIELD_NUMBER: _ClassVar[int]
    CURVE_FIELD_NUMBER: _ClassVar[int]
    MILESTONES_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    OPTIMISATION_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    MEAN_LENGTH_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASH_FIELD_NUMBER: _ClassVar[int]
    RETURN_LOW_FIELD_NUMBER: _ClassVar[int]
    RETURN_HIGH_FIELD_NUMBER: _ClassVar[int]
    VALUE_LEARNING_FIELD_NUMBER: _ClassVar[int]
    stage: int
    env_steps: int
    returns: Distribution
    success_rate: float
    milestone_score: float
    curve: _containers.RepeatedCompositeFieldContainer[CurvePoint]
    milestones: _containers.RepeatedCompositeFieldContainer[MilestoneEvidence]
    features: _containers.RepeatedCompositeFieldContainer[FeatureEvidence]
    agents: _containers.RepeatedCompositeFieldContainer[AgentEvidence]
    optimisation: OptimisationEvidence
    terms: _containers.RepeatedCompositeFieldContainer[_shaping_pb2.TermActivity]
    mean_length: float
    config_hash: str
    return_low: float
    return_high: float
    value_learning: ValueLearningEvidence
    def __init__(self, stage: _Optional[int] = ..., env_steps: _Optional[int] = ..., returns: _Optional[_Union[Distribution, _Mapping]] = ..., success_rate: _Optional[float] = ..., milestone_score: _Optional[float] = ..., curve: _Optional[_Iterable[_Union[CurvePoint, _Mapping]]] = ..., milestones: _Optional[_Iterable[_Union[MilestoneEvidence, _Mapping]]] = ..., features: _Optional[_Iterable[_Union[FeatureEvidence, _Mapping]]] = ..., agents: _Optional[_Iterable[_Union[AgentEvidence, _Mapping]]] = ..., optimisation: _Optional[_Union[OptimisationEvidence, _Mapping]] = ..., terms: _Optional[_Iterable[_Union[_shaping_pb2.TermActivity, _Mapping]]] = ..., mean_length: _Optional[float] = ..., config_hash: _Optional[str] = ..., return_low: _Optional[float] = ..., return_high: _Optional[float] = ..., value_learning: _Optional[_Union[ValueLearningEvidence, _Mapping]] = ...) -> None: ...
