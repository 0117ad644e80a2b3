from also.v1 import campaign_pb2 as _campaign_pb2
from also.v1 import diagnosis_pb2 as _diagnosis_pb2
from also.v1 import evidence_pb2 as _evidence_pb2
from also.v1 import limits_pb2 as _limits_pb2
from also.v1 import llm_pb2 as _llm_pb2
from also.v1 import shaping_pb2 as _shaping_pb2
from also.v1 import task_pb2 as _task_pb2
from also.v1 import verdict_pb2 as _verdict_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProposeRequest(_message.Message):
    __slots__ = ("campaign_id", "settings", "seed", "stage", "round", "card", "incumbent", "evidence", "diagnosis", "trials", "stage_env_steps", "allowance", "gamma", "one_reward")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    INCUMBENT_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    DIAGNOSIS_FIELD_NUMBER: _ClassVar[int]
    TRIALS_FIELD_NUMBER: _ClassVar[int]
    STAGE_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    ALLOWANCE_FIELD_NUMBER: _ClassVar[int]
    GAMMA_FIELD_NUMBER: _ClassVar[int]
    ONE_REWARD_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    settings: _campaign_pb2.GeneratorSettings
    seed: int
    stage: int
    round: int
    card: _task_pb2.TaskCard
    incumbent: _shaping_pb2.ShapingConfig
    evidence: _evidence_pb2.Evidence
    diagnosis: _diagnosis_pb2.Diagnosis
    trials: _containers.RepeatedCompositeFieldContainer[_verdict_pb2.Trial]
    stage_env_steps: int
    allowance: _llm_pb2.LlmAllowance
    gamma: float
    one_reward: bool
    def __init__(self, campaign_id: _Optional[str] = ..., settings: _Optional[_Union[_campaign_pb2.GeneratorSettings, _Mapping]] = ..., seed: _Optional[int] = ..., stage: _Optional[int] = ..., round: _Optional[int] = ..., card: _Optional[_Union[_task_pb2.TaskCard, _Mapping]] = ..., incumbent: _Optional[_Union[_shaping_pb2.ShapingConfig, _Mapping]] = ..., evidence: _Optional[_Union[_evidence_pb2.Evidence, _Mapping]] = ..., diagnosis: _Optional[_Union[_diagnosis_pb2.Diagnosis, _Mapping]] = ..., trials: _Optional[_Iterable[_Union[_verdict_pb2.Trial, _Mapping]]] = ..., stage_env_steps: _Optional[int] = ..., allowance: _Optional[_Union[_llm_pb2.LlmAllowance, _Mapping]] = ..., gamma: _Optional[float] = ..., one_reward: _Optional[bool] = ...) -> None: ...

class ProposeResponse(_message.Message):
    __slots__ = ("candidates", "failure", "llm")
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    LLM_FIELD_NUMBER: _ClassVar[int]
    candidates: _containers.RepeatedCompositeFieldContainer[_verdict_pb2.Candidate]
    failure: _llm_pb2.LlmFailure
    llm: _llm_pb2.LlmUse
    def __init__(self, candidates: _Optional[_Iterable[_Union[_verdict_pb2.Candidate, _Mapping]]] = ..., failure: _Optional[_Union[_llm_pb2.LlmFailure, _Mapping]] = ..., llm: _Optional[_Union[_llm_pb2.LlmUse, _Mapping]] = ...) -> None: ...

class CheckGeneratorRequest(_message.Message):
    __slots__ = ("settings", "question")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    settings: _campaign_pb2.GeneratorSettings
    question: ProposeRequest
    def __init__(self, settings: _Optional[_Union[_campaign_pb2.GeneratorSettings, _Mapping]] = ..., question: _Optional[_Union[ProposeRequest, _Mapping]] = ...) -> None: ...

class CheckGeneratorResponse(_message.Message):
    __slots__ = ("model", "context_tokens", "notes")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    model: str
    context_tokens: int
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, model: _Optional[str] = ..., context_tokens: _Optional[int] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...
