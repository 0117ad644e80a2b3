from also.v1 import limits_pb2 as _limits_pb2
from also.v1 import task_pb2 as _task_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ShapingForm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SHAPING_FORM_UNSPECIFIED: _ClassVar[ShapingForm]
    SHAPING_FORM_POTENTIAL: _ClassVar[ShapingForm]
    SHAPING_FORM_EVENT: _ClassVar[ShapingForm]
    SHAPING_FORM_SYNCHRONY: _ClassVar[ShapingForm]
    SHAPING_FORM_NOVELTY: _ClassVar[ShapingForm]
    SHAPING_FORM_PENALTY: _ClassVar[ShapingForm]
    SHAPING_FORM_CREDIT: _ClassVar[ShapingForm]

class TargetKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TARGET_KIND_UNSPECIFIED: _ClassVar[TargetKind]
    TARGET_KIND_AGENT: _ClassVar[TargetKind]
    TARGET_KIND_ROLE: _ClassVar[TargetKind]
    TARGET_KIND_TEAM: _ClassVar[TargetKind]

class TransformKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRANSFORM_KIND_UNSPECIFIED: _ClassVar[TransformKind]
    TRANSFORM_KIND_IDENTITY: _ClassVar[TransformKind]
    TRANSFORM_KIND_EXP: _ClassVar[TransformKind]
    TRANSFORM_KIND_TANH: _ClassVar[TransformKind]
    TRANSFORM_KIND_THRESHOLD: _ClassVar[TransformKind]
    TRANSFORM_KIND_INDICATOR: _ClassVar[TransformKind]

class Comparison(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMPARISON_UNSPECIFIED: _ClassVar[Comparison]
    COMPARISON_AT_LEAST: _ClassVar[Comparison]
    COMPARISON_AT_MOST: _ClassVar[Comparison]

class ScheduleKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCHEDULE_KIND_UNSPECIFIED: _ClassVar[ScheduleKind]
    SCHEDULE_KIND_CONSTANT: _ClassVar[ScheduleKind]
    SCHEDULE_KIND_LINEAR: _ClassVar[ScheduleKind]
    SCHEDULE_KIND_EXPONENTIAL: _ClassVar[ScheduleKind]

class Invariance(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INVARIANCE_UNSPECIFIED: _ClassVar[Invariance]
    INVARIANCE_POLICY_INVARIANT: _ClassVar[Invariance]
    INVARIANCE_BOUNDED: _ClassVar[Invariance]
SHAPING_FORM_UNSPECIFIED: ShapingForm
SHAPING_FORM_POTENTIAL: ShapingForm
SHAPING_FORM_EVENT: ShapingForm
SHAPING_FORM_SYNCHRONY: ShapingForm
SHAPING_FORM_NOVELTY: ShapingForm
SHAPING_FORM_PENALTY: ShapingForm
SHAPING_FORM_CREDIT: ShapingForm
TARGET_KIND_UNSPECIFIED: TargetKind
TARGET_KIND_AGENT: TargetKind
TARGET_KIND_ROLE: TargetKind
TARGET_KIND_TEAM: TargetKind
TRANSFORM_KIND_UNSPECIFIED: TransformKind
TRANSFORM_KIND_IDENTITY: TransformKind
TRANSFORM_KIND_EXP: TransformKind
TRANSFORM_KIND_TANH: TransformKind
TRANSFORM_KIND_THRESHOLD: TransformKind
TRANSFORM_KIND_INDICATOR: TransformKind
COMPARISON_UNSPECIFIED: Comparison
COMPARISON_AT_LEAST: Comparison
COMPARISON_AT_MOST: Comparison
SCHEDULE_KIND_UNSPECIFIED: ScheduleKind
SCHEDULE_KIND_CONSTANT: ScheduleKind
SCHEDULE_KIND_LINEAR: ScheduleKind
SCHEDULE_KIND_EXPONENTIAL: ScheduleKind
INVARIANCE_UNSPECIFIED: Invariance
INVARIANCE_POLICY_INVARIANT: Invariance
INVARIANCE_BOUNDED: Invariance

class ShapingConfig(_message.Message):
    __slots__ = ("terms",)
    TERMS_FIELD_NUMBER: _ClassVar[int]
    terms: _containers.RepeatedCompositeFieldContainer[ShapingTerm]
    def __init__(self, terms: _Optional[_Iterable[_Union[ShapingTerm, _Mapping]]] = ...) -> None: ...

class Transform(_message.Message):
    __slots__ = ("kind", "scale")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    kind: TransformKind
    scale: float
    def __init__(self, kind: _Optional[_Union[TransformKind, str]] = ..., scale: _Optional[float] = ...) -> None: ...

class Gate(_message.Message):
    __slots__ = ("feature", "aggregate", "comparison", "value")
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_FIELD_NUMBER: _ClassVar[int]
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    feature: str
    aggregate: _task_pb2.Aggregate
    comparison: Comparison
    value: float
    def __init__(self, feature: _Optional[str] = ..., aggregate: _Optional[_Union[_task_pb2.Aggregate, str]] = ..., comparison: _Optional[_Union[Comparison, str]] = ..., value: _Optional[float] = ...) -> None: ...

class Schedule(_message.Message):
    __slots__ = ("kind", "begin", "end", "floor")
    KIND_FIELD_NUMBER: _ClassVar[int]
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    FLOOR_FIELD_NUMBER: _ClassVar[int]
    kind: ScheduleKind
    begin: int
    end: int
    floor: float
    def __init__(self, kind: _Optional[_Union[ScheduleKind, str]] = ..., begin: _Optional[int] = ..., end: _Optional[int] = ..., floor: _Optional[float] = ...) -> None: ...

class EventRule(_message.Message):
    __slots__ = ("threshold", "cooldown")
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    COOLDOWN_FIELD_NUMBER: _ClassVar[int]
    threshold: float
    cooldown: int
    def __init__(self, threshold: _Optional[float] = ..., cooldown: _Optional[int] = ...) -> None: ...

class SynchronyRule(_message.Message):
    __slots__ = ("min_agents", "window", "threshold")
    MIN_AGENTS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    min_agents: int
    window: int
    threshold: float
    def __init__(self, min_agents: _Optional[int] = ..., window: _Optional[int] = ..., threshold: _Optional[float] = ...) -> None: ...

class NoveltyRule(_message.Message):
    __slots__ = ("bins", "team")
    BINS_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    bins: int
    team: _task_pb2.Aggregate
    def __init__(self, bins: _Optional[int] = ..., team: _Optional[_Union[_task_pb2.Aggregate, str]] = ...) -> None: ...

class CreditRule(_message.Message):
    __slots__ = ("alpha",)
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    alpha: float
    def __init__(self, alpha: _Optional[float] = ...) -> None: ...

class ShapingTerm(_message.Message):
    __slots__ = ("name", "form", "target", "role", "feature", "aggregate", "transform", "gate", "weight", "clip", "episode_cap", "schedule", "reason", "event", "synchrony", "novelty", "credit")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_FIELD_NUMBER: _ClassVar[int]
    TRANSFORM_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    EPISODE_CAP_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    SYNCHRONY_FIELD_NUMBER: _ClassVar[int]
    NOVELTY_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    name: str
    form: ShapingForm
    target: TargetKind
    role: str
    feature: str
    aggregate: _task_pb2.Aggregate
    transform: Transform
    gate: Gate
    weight: float
    clip: float
    episode_cap: float
    schedule: Schedule
    reason: str
    event: EventRule
    synchrony: SynchronyRule
    novelty: NoveltyRule
    credit: CreditRule
    def __init__(self, name: _Optional[str] = ..., form: _Optional[_Union[ShapingForm, str]] = ..., target: _Optional[_Union[TargetKind, str]] = ..., role: _Optional[str] = ..., feature: _Optional[str] = ..., aggregate: _Optional[_Union[_task_pb2.Aggregate, str]] = ..., transform: _Optional[_Union[Transform, _Mapping]] = ..., gate: _Optional[_Union[Gate, _Mapping]] = ..., weight: _Optional[float] = ..., clip: _Optional[float] = ..., episode_cap: _Optional[float] = ..., schedule: _Optional[_Union[Schedule, _Mapping]] = ..., reason: _Optional[str] = ..., event: _Optional[_Union[EventRule, _Mapping]] = ..., synchrony: _Optional[_Union[SynchronyRule, _Mapping]] = ..., novelty: _Optional[_Union[NoveltyRule, _Mapping]] = ..., credit: _Optional[_Union[CreditRule, _Mapping]] = ...) -> None: ...

class TermActivity(_message.Message):
    __slots__ = ("term", "firing_rate", "reward_share", "mean_reward", "largest_reward", "cut_rate", "finite")
    TERM_FIELD_NUMBER: _ClassVar[int]
    FIRING_RATE_FIELD_NUMBER: _ClassVar[int]
    REWARD_SHARE_FIELD_NUMBER: _ClassVar[int]
    MEAN_REWARD_FIELD_NUMBER: _ClassVar[int]
    LARGEST_REWARD_FIELD_NUMBER: _ClassVar[int]
    CUT_RATE_FIELD_NUMBER: _ClassVar[int]
    FINITE_FIELD_NUMBER: _ClassVar[int]
    term: str
    firing_rate: float
    reward_share: float
    mean_reward: float
    largest_reward: float
    cut_rate: float
    finite: bool
    def __init__(self, term: _Optional[str] = ..., firing_rate: _Optional[float] = ..., reward_share: _Optional[float] = ..., mean_reward: _Optional[float] = ..., largest_reward: _Optional[float] = ..., cut_rate: _Optional[float] = ..., finite: _Optional[bool] = ...) -> None: ...
