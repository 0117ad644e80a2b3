from also.v1 import campaign_pb2 as _campaign_pb2
from also.v1 import task_pb2 as _task_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Acting(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTING_UNSPECIFIED: _ClassVar[Acting]
    ACTING_GREEDY: _ClassVar[Acting]
    ACTING_SAMPLED: _ClassVar[Acting]
    ACTING_EPSILON_GREEDY: _ClassVar[Acting]
ACTING_UNSPECIFIED: Acting
ACTING_GREEDY: Acting
ACTING_SAMPLED: Acting
ACTING_EPSILON_GREEDY: Acting

class PolicyPort(_message.Message):
    __slots__ = ("name", "type", "shape", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    shape: str
    description: str
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., shape: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class Policy(_message.Message):
    __slots__ = ("schema_version", "also_version", "campaign_id", "checkpoint_id", "env_steps", "task", "algorithm", "agents", "observation_size", "action_space", "memory_size", "normalises", "acting", "epsilon", "inputs", "outputs")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    ALSO_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_SIZE_FIELD_NUMBER: _ClassVar[int]
    ACTION_SPACE_FIELD_NUMBER: _ClassVar[int]
    MEMORY_SIZE_FIELD_NUMBER: _ClassVar[int]
    NORMALISES_FIELD_NUMBER: _ClassVar[int]
    ACTING_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    schema_version: int
    also_version: str
    campaign_id: str
    checkpoint_id: str
    env_steps: int
    task: str
    algorithm: _campaign_pb2.Algorithm
    agents: _containers.RepeatedScalarFieldContainer[str]
    observation_size: int
    action_space: _task_pb2.ActionSpace
    memory_size: int
    normalises: bool
    acting: Acting
    epsilon: float
    inputs: _containers.RepeatedCompositeFieldContainer[PolicyPort]
    outputs: _containers.RepeatedCompositeFieldContainer[PolicyPort]
    def __init__(self, schema_version: _Optional[int] = ..., also_version: _Optional[str] = ..., campaign_id: _Optional[str] = ..., checkpoint_id: _Optional[str] = ..., env_steps: _Optional[int] = ..., task: _Optional[str] = ..., algorithm: _Optional[_Union[_campaign_pb2.Algorithm, str]] = ..., agents: _Optional[_Iterable[str]] = ..., observation_size: _Optional[int] = ..., action_space: _Optional[_Union[_task_pb2.ActionSpace, _Mapping]] = ..., memory_size: _Optional[int] = ..., normalises: _Optional[bool] = ..., acting: _Optional[_Union[Acting, str]] = ..., epsilon: _Optional[float] = ..., inputs: _Optional[_Iterable[_Union[PolicyPort, _Mapping]]] = ..., outputs: _Optional[_Iterable[_Union[PolicyPort, _Mapping]]] = ...) -> None: ...
