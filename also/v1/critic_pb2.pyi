from also.v1 import campaign_pb2 as _campaign_pb2
from also.v1 import diagnosis_pb2 as _diagnosis_pb2
from also.v1 import evidence_pb2 as _evidence_pb2
from also.v1 import limits_pb2 as _limits_pb2
from also.v1 import llm_pb2 as _llm_pb2
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

class StageOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STAGE_OUTCOME_UNSPECIFIED: _ClassVar[StageOutcome]
    STAGE_OUTCOME_PROMOTED: _ClassVar[StageOutcome]
    STAGE_OUTCOME_PROMOTED_PROVISIONALLY: _ClassVar[StageOutcome]
    STAGE_OUTCOME_HELD: _ClassVar[StageOutcome]
    STAGE_OUTCOME_ROLLED_BACK: _ClassVar[StageOutcome]
STAGE_OUTCOME_UNSPECIFIED: StageOutcome
STAGE_OUTCOME_PROMOTED: StageOutcome
STAGE_OUTCOME_PROMOTED_PROVISIONALLY: StageOutcome
STAGE_OUTCOME_HELD: StageOutcome
STAGE_OUTCOME_ROLLED_BACK: StageOutcome

class PastStage(_message.Message):
    __slots__ = ("stage", "diagnosis", "outcome")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    DIAGNOSIS_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    stage: int
    diagnosis: _diagnosis_pb2.Diagnosis
    outcome: StageOutcome
    def __init__(self, stage: _Optional[int] = ..., diagnosis: _Optional[_Union[_diagnosis_pb2.Diagnosis, _Mapping]] = ..., outcome: _Optional[_Union[StageOutcome, str]] = ...) -> None: ...

class DiagnoseRequest(_message.Message):
    __slots__ = ("campaign_id", "settings", "card", "incumbent", "evidence", "trials", "past", "allowance")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    INCUMBENT_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    TRIALS_FIELD_NUMBER: _ClassVar[int]
    PAST_FIELD_NUMBER: _ClassVar[int]
    ALLOWANCE_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    settings: _campaign_pb2.CriticSettings
    card: _task_pb2.TaskCard
    incumbent: _shaping_pb2.ShapingConfig
    evidence: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.Evidence]
    trials: _containers.RepeatedCompositeFieldContainer[_verdict_pb2.Trial]
    past: _containers.RepeatedCompositeFieldContainer[PastStage]
    allowance: _llm_pb2.LlmAllowance
    def __init__(self, campaign_id: _Optional[str] = ..., settings: _Optional[_Union[_campaign_pb2.CriticSettings, _Mapping]] = ..., card: _Optional[_Union[_task_pb2.TaskCard, _Mapping]] = ..., incumbent: _Optional[_Union[_shaping_pb2.ShapingConfig, _Mapping]] = ..., evidence: _Optional[_Iterable[_Union[_evidence_pb2.Evidence, _Mapping]]] = ..., trials: _Optional[_Iterable[_Union[_verdict_pb2.Trial, _Mapping]]] = ..., past: _Optional[_Iterable[_Union[PastStage, _Mapping]]] = ..., allowance: _Optional[_Union[_llm_pb2.LlmAllowance, _Mapping]] = ...) -> None: ...

class DiagnoseResponse(_message.Message):
    __slots__ = ("diagnosis", "failure", "llm")
    DIAGNOSIS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    LLM_FIELD_NUMBER: _ClassVar[int]
    diagnosis: _diagnosis_pb2.Diagnosis
    failure: _llm_pb2.LlmFailure
    llm: _llm_pb2.LlmUse
    def __init__(self, diagnosis: _Optional[_Union[_diagnosis_pb2.Diagnosis, _Mapping]] = ..., failure: _Optional[_Union[_llm_pb2.LlmFailure, _Mapping]] = ..., llm: _Optional[_Union[_llm_pb2.LlmUse, _Mapping]] = ...) -> None: ...

class CheckCriticRequest(_message.Message):
    __slots__ = ("settings", "question")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    settings: _campaign_pb2.CriticSettings
    question: DiagnoseRequest
    def __init__(self, settings: _Optional[_Union[_campaign_pb2.CriticSettings, _Mapping]] = ..., question: _Optional[_Union[DiagnoseRequest, _Mapping]] = ...) -> None: ...

class CheckCriticResponse(_message.Message):
    __slots__ = ("model", "context_tokens", "notes")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    model: str
    context_tokens: int
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, model: _Optional[str] = ..., context_tokens: _Optional[int] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...
