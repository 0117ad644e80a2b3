from also.v1 import limits_pb2 as _limits_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FeatureScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEATURE_SCOPE_UNSPECIFIED: _ClassVar[FeatureScope]
    FEATURE_SCOPE_AGENT: _ClassVar[FeatureScope]
    FEATURE_SCOPE_PAIR: _ClassVar[FeatureScope]
    FEATURE_SCOPE_TEAM: _ClassVar[FeatureScope]

class Aggregate(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AGGREGATE_UNSPECIFIED: _ClassVar[Aggregate]
    AGGREGATE_MIN: _ClassVar[Aggregate]
    AGGREGATE_MEAN: _ClassVar[Aggregate]
    AGGREGATE_MAX: _ClassVar[Aggregate]
    AGGREGATE_SUM: _ClassVar[Aggregate]
    AGGREGATE_ANY: _ClassVar[Aggregate]
    AGGREGATE_ALL: _ClassVar[Aggregate]

class Direction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIRECTION_UNSPECIFIED: _ClassVar[Direction]
    DIRECTION_HIGHER: _ClassVar[Direction]
    DIRECTION_LOWER: _ClassVar[Direction]

class TellsOf(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TELLS_OF_UNSPECIFIED: _ClassVar[TellsOf]
    TELLS_OF_STATE: _ClassVar[TellsOf]
    TELLS_OF_ACTION: _ClassVar[TellsOf]
    TELLS_OF_TRANSITION: _ClassVar[TellsOf]

class ActionKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_KIND_UNSPECIFIED: _ClassVar[ActionKind]
    ACTION_KIND_DISCRETE: _ClassVar[ActionKind]
    ACTION_KIND_CONTINUOUS: _ClassVar[ActionKind]

class Seeding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEEDING_UNSPECIFIED: _ClassVar[Seeding]
    SEEDING_OWN_DICE: _ClassVar[Seeding]
    SEEDING_NEW_OBJECT: _ClassVar[Seeding]
    SEEDING_NEW_OBJECT_OWN_DICE: _ClassVar[Seeding]
    SEEDING_NONE: _ClassVar[Seeding]
FEATURE_SCOPE_UNSPECIFIED: FeatureScope
FEATURE_SCOPE_AGENT: FeatureScope
FEATURE_SCOPE_PAIR: FeatureScope
FEATURE_SCOPE_TEAM: FeatureScope
AGGREGATE_UNSPECIFIED: Aggregate
AGGREGATE_MIN: Aggregate
AGGREGATE_MEAN: Aggregate
AGGREGATE_MAX: Aggregate
AGGREGATE_SUM: Aggregate
AGGREGATE_ANY: Aggregate
AGGREGATE_ALL: Aggregate
DIRECTION_UNSPECIFIED: Direction
DIRECTION_HIGHER: Direction
DIRECTION_LOWER: Direction
TELLS_OF_UNSPECIFIED: TellsOf
TELLS_OF_STATE: TellsOf
TELLS_OF_ACTION: TellsOf
TELLS_OF_TRANSITION: TellsOf
ACTION_KIND_UNSPECIFIED: ActionKind
ACTION_KIND_DISCRETE: ActionKind
ACTION_KIND_CONTINUOUS: ActionKind
SEEDING_UNSPECIFIED: Seeding
SEEDING_OWN_DICE: Seeding
SEEDING_NEW_OBJECT: Seeding
SEEDING_NEW_OBJECT_OWN_DICE: Seeding
SEEDING_NONE: Seeding

class Task(_message.Message):
    __slots__ = ("name", "layout", "arguments", "workers", "step_timeout", "environments_per_process", "python", "unseeded")
    class ArgumentsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Scalar
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Scalar, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    STEP_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENTS_PER_PROCESS_FIELD_NUMBER: _ClassVar[int]
    PYTHON_FIELD_NUMBER: _ClassVar[int]
    UNSEEDED_FIELD_NUMBER: _ClassVar[int]
    name: str
    layout: str
    arguments: _containers.MessageMap[str, Scalar]
    workers: int
    step_timeout: float
    environments_per_process: int
    python: str
    unseeded: bool
    def __init__(self, name: _Optional[str] = ..., layout: _Optional[str] = ..., arguments: _Optional[_Mapping[str, Scalar]] = ..., workers: _Optional[int] = ..., step_timeout: _Optional[float] = ..., environments_per_process: _Optional[int] = ..., python: _Optional[str] = ..., unseeded: _Optional[bool] = ...) -> None: ...

class Scalar(_message.Message):
    __slots__ = ("number", "text", "flag")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    FLAG_FIELD_NUMBER: _ClassVar[int]
    number: float
    text: str
    flag: bool
    def __init__(self, number: _Optional[float] = ..., text: _Optional[str] = ..., flag: _Optional[bool] = ...) -> None: ...

class TaskSuite(_message.Message):
    __slots__ = ("name", "description", "layouts", "missing_extra")
    class Layout(_message.Message):
        __slots__ = ("name", "description")
        NAME_FIELD_NUMBER: _ClassVar[int]
        DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
        name: str
        description: str
        def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LAYOUTS_FIELD_NUMBER: _ClassVar[int]
    MISSING_EXTRA_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    layouts: _containers.RepeatedCompositeFieldContainer[TaskSuite.Layout]
    missing_extra: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., layouts: _Optional[_Iterable[_Union[TaskSuite.Layout, _Mapping]]] = ..., missing_extra: _Optional[str] = ...) -> None: ...

class Feature(_message.Message):
    __slots__ = ("name", "scope", "unit", "minimum", "maximum", "direction", "description", "tells_of")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TELLS_OF_FIELD_NUMBER: _ClassVar[int]
    name: str
    scope: FeatureScope
    unit: str
    minimum: float
    maximum: float
    direction: Direction
    description: str
    tells_of: TellsOf
    def __init__(self, name: _Optional[str] = ..., scope: _Optional[_Union[FeatureScope, str]] = ..., unit: _Optional[str] = ..., minimum: _Optional[float] = ..., maximum: _Optional[float] = ..., direction: _Optional[_Union[Direction, str]] = ..., description: _Optional[str] = ..., tells_of: _Optional[_Union[TellsOf, str]] = ...) -> None: ...

class Milestone(_message.Message):
    __slots__ = ("name", "feature", "aggregate", "threshold", "agents_needed", "progress_feature", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    AGENTS_NEEDED_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FEATURE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    feature: str
    aggregate: Aggregate
    threshold: float
    agents_needed: int
    progress_feature: str
    description: str
    def __init__(self, name: _Optional[str] = ..., feature: _Optional[str] = ..., aggregate: _Optional[_Union[Aggregate, str]] = ..., threshold: _Optional[float] = ..., agents_needed: _Optional[int] = ..., progress_feature: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class Role(_message.Message):
    __slots__ = ("name", "agents")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    agents: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, name: _Optional[str] = ..., agents: _Optional[_Iterable[int]] = ...) -> None: ...

class ActionSpace(_message.Message):
    __slots__ = ("kind", "size", "low", "high", "names", "idle", "masked")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    IDLE_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    kind: ActionKind
    size: int
    low: _containers.RepeatedScalarFieldContainer[float]
    high: _containers.RepeatedScalarFieldContainer[float]
    names: _containers.RepeatedScalarFieldContainer[str]
    idle: int
    masked: bool
    def __init__(self, kind: _Optional[_Union[ActionKind, str]] = ..., size: _Optional[int] = ..., low: _Optional[_Iterable[float]] = ..., high: _Optional[_Iterable[float]] = ..., names: _Optional[_Iterable[str]] = ..., idle: _Optional[int] = ..., masked: _Optional[bool] = ...) -> None: ...

class TaskCard(_message.Message):
    __slots__ = ("task", "description", "agents", "features", "milestones", "roles", "episode_limit", "smallest_return", "largest_return", "action_space", "observation_size", "state_size", "notes", "seeding", "baseline_return", "reward_density", "largest_measured")
    TASK_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    MILESTONES_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    EPISODE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    SMALLEST_RETURN_FIELD_NUMBER: _ClassVar[int]
    LARGEST_RETURN_FIELD_NUMBER: _ClassVar[int]
    ACTION_SPACE_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_SIZE_FIELD_NUMBER: _ClassVar[int]
    STATE_SIZE_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    SEEDING_FIELD_NUMBER: _ClassVar[int]
    BASELINE_RETURN_FIELD_NUMBER: _ClassVar[int]
    REWARD_DENSITY_FIELD_NUMBER: _ClassVar[int]
    LARGEST_MEASURED_FIELD_NUMBER: _ClassVar[int]
    task: str
    description: str
    agents: _containers.RepeatedScalarFieldContainer[str]
    features: _containers.RepeatedCompositeFieldContainer[Feature]
    milestones: _containers.RepeatedCompositeFieldContainer[Milestone]
    roles: _containers.RepeatedCompositeFieldContainer[Role]
    episode_limit: int
    smallest_return: float
    largest_return: float
    action_space: ActionSpace
    observation_size: int
    state_size: int
    notes: _containers.RepeatedScalarFieldContainer[str]
    seeding: Seeding
    baseline_return: float
    reward_density: float
    largest_measured: bool
    def __init__(self, task: _Optional[str] = ..., description: _Optional[str] = ..., agents: _Optional[_Iterable[str]] = ..., features: _Optional[_Iterable[_Union[Feature, _Mapping]]] = ..., milestones: _Optional[_Iterable[_Union[Milestone, _Mapping]]] = ..., roles: _Optional[_Iterable[_Union[Role, _Mapping]]] = ..., episode_limit: _Optional[int] = ..., smallest_return: _Optional[float] = ..., largest_return: _Optional[float] = ..., action_space: _Optional[_Union[ActionSpace, _Mapping]] = ..., observation_size: _Optional[int] = ..., state_size: _Optional[int] = ..., notes: _Optional[_Iterable[str]] = ..., seeding: _Optional[_Union[Seeding, str]] = ..., baseline_return: _Optional[float] = ..., reward_density: _Optional[float] = ..., largest_measured: _Optional[bool] = ...) -> None: ...
