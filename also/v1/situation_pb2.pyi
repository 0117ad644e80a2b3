from also.v1 import campaign_pb2 as _campaign_pb2
from also.v1 import diagnosis_pb2 as _diagnosis_pb2
from also.v1 import limits_pb2 as _limits_pb2
from also.v1 import llm_pb2 as _llm_pb2
from also.v1 import shaping_pb2 as _shaping_pb2
from also.v1 import verdict_pb2 as _verdict_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Sign(_message.Message):
    __slots__ = ("item", "at_least", "at_most")
    ITEM_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    AT_MOST_FIELD_NUMBER: _ClassVar[int]
    item: str
    at_least: float
    at_most: float
    def __init__(self, item: _Optional[str] = ..., at_least: _Optional[float] = ..., at_most: _Optional[float] = ...) -> None: ...

class Planted(_message.Message):
    __slots__ = ("mode", "accepted_modes", "accepted_remedies", "milestone", "term", "agent", "how", "signs")
    MODE_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_MODES_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_REMEDIES_FIELD_NUMBER: _ClassVar[int]
    MILESTONE_FIELD_NUMBER: _ClassVar[int]
    TERM_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    HOW_FIELD_NUMBER: _ClassVar[int]
    SIGNS_FIELD_NUMBER: _ClassVar[int]
    mode: _diagnosis_pb2.FailureMode
    accepted_modes: _containers.RepeatedScalarFieldContainer[_diagnosis_pb2.FailureMode]
    accepted_remedies: _containers.RepeatedScalarFieldContainer[_diagnosis_pb2.Remedy]
    milestone: str
    term: str
    agent: str
    how: str
    signs: _containers.RepeatedCompositeFieldContainer[Sign]
    def __init__(self, mode: _Optional[_Union[_diagnosis_pb2.FailureMode, str]] = ..., accepted_modes: _Optional[_Iterable[_Union[_diagnosis_pb2.FailureMode, str]]] = ..., accepted_remedies: _Optional[_Iterable[_Union[_diagnosis_pb2.Remedy, str]]] = ..., milestone: _Optional[str] = ..., term: _Optional[str] = ..., agent: _Optional[str] = ..., how: _Optional[str] = ..., signs: _Optional[_Iterable[_Union[Sign, _Mapping]]] = ...) -> None: ...

class Situation(_message.Message):
    __slots__ = ("id", "stage", "round", "planted")
    ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    PLANTED_FIELD_NUMBER: _ClassVar[int]
    id: str
    stage: int
    round: int
    planted: Planted
    def __init__(self, id: _Optional[str] = ..., stage: _Optional[int] = ..., round: _Optional[int] = ..., planted: _Optional[_Union[Planted, _Mapping]] = ...) -> None: ...

class PlantedRound(_message.Message):
    __slots__ = ("stage", "round", "configs")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    CONFIGS_FIELD_NUMBER: _ClassVar[int]
    stage: int
    round: int
    configs: _containers.RepeatedCompositeFieldContainer[_shaping_pb2.ShapingConfig]
    def __init__(self, stage: _Optional[int] = ..., round: _Optional[int] = ..., configs: _Optional[_Iterable[_Union[_shaping_pb2.ShapingConfig, _Mapping]]] = ...) -> None: ...

class RecordedCampaign(_message.Message):
    __slots__ = ("id", "campaign", "situations", "rounds")
    ID_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    SITUATIONS_FIELD_NUMBER: _ClassVar[int]
    ROUNDS_FIELD_NUMBER: _ClassVar[int]
    id: str
    campaign: _campaign_pb2.Campaign
    situations: _containers.RepeatedCompositeFieldContainer[Situation]
    rounds: _containers.RepeatedCompositeFieldContainer[PlantedRound]
    def __init__(self, id: _Optional[str] = ..., campaign: _Optional[_Union[_campaign_pb2.Campaign, _Mapping]] = ..., situations: _Optional[_Iterable[_Union[Situation, _Mapping]]] = ..., rounds: _Optional[_Iterable[_Union[PlantedRound, _Mapping]]] = ...) -> None: ...

class RecordedCampaigns(_message.Message):
    __slots__ = ("campaigns",)
    CAMPAIGNS_FIELD_NUMBER: _ClassVar[int]
    campaigns: _containers.RepeatedCompositeFieldContainer[RecordedCampaign]
    def __init__(self, campaigns: _Optional[_Iterable[_Union[RecordedCampaign, _Mapping]]] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("situation", "diagnosis", "diagnosis_failure", "diagnosis_llm", "diagnosis_seconds", "proposal_asked", "candidates", "proposal_failure", "proposal_llm", "proposal_seconds", "verdicts", "sample")
    SITUATION_FIELD_NUMBER: _ClassVar[int]
    DIAGNOSIS_FIELD_NUMBER: _ClassVar[int]
    DIAGNOSIS_FAILURE_FIELD_NUMBER: _ClassVar[int]
    DIAGNOSIS_LLM_FIELD_NUMBER: _ClassVar[int]
    DIAGNOSIS_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_ASKED_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_FAILURE_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_LLM_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    situation: str
    diagnosis: _diagnosis_pb2.Diagnosis
    diagnosis_failure: _llm_pb2.LlmFailure
    diagnosis_llm: _llm_pb2.LlmUse
    diagnosis_seconds: float
    proposal_asked: bool
    candidates: _containers.RepeatedCompositeFieldContainer[_verdict_pb2.Candidate]
    proposal_failure: _llm_pb2.LlmFailure
    proposal_llm: _llm_pb2.LlmUse
    proposal_seconds: float
    verdicts: _containers.RepeatedCompositeFieldContainer[_verdict_pb2.Verdict]
    sample: int
    def __init__(self, situation: _Optional[str] = ..., diagnosis: _Optional[_Union[_diagnosis_pb2.Diagnosis, _Mapping]] = ..., diagnosis_failure: _Optional[_Union[_llm_pb2.LlmFailure, _Mapping]] = ..., diagnosis_llm: _Optional[_Union[_llm_pb2.LlmUse, _Mapping]] = ..., diagnosis_seconds: _Optional[float] = ..., proposal_asked: _Optional[bool] = ..., candidates: _Optional[_Iterable[_Union[_verdict_pb2.Candidate, _Mapping]]] = ..., proposal_failure: _Optional[_Union[_llm_pb2.LlmFailure, _Mapping]] = ..., proposal_llm: _Optional[_Union[_llm_pb2.LlmUse, _Mapping]] = ..., proposal_seconds: _Optional[float] = ..., verdicts: _Optional[_Iterable[_Union[_verdict_pb2.Verdict, _Mapping]]] = ..., sample: _Optional[int] = ...) -> None: ...

class MindScores(_message.Message):
    __slots__ = ("asked", "answered", "unreplied", "valid_at_first", "valid", "calls", "prompt_tokens", "completion_tokens", "seconds", "cached_tokens")
    ASKED_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_FIELD_NUMBER: _ClassVar[int]
    UNREPLIED_FIELD_NUMBER: _ClassVar[int]
    VALID_AT_FIRST_FIELD_NUMBER: _ClassVar[int]
    VALID_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    asked: int
    answered: int
    unreplied: int
    valid_at_first: float
    valid: float
    calls: float
    prompt_tokens: float
    completion_tokens: float
    seconds: float
    cached_tokens: float
    def __init__(self, asked: _Optional[int] = ..., answered: _Optional[int] = ..., unreplied: _Optional[int] = ..., valid_at_first: _Optional[float] = ..., valid: _Optional[float] = ..., calls: _Optional[float] = ..., prompt_tokens: _Optional[float] = ..., completion_tokens: _Optional[float] = ..., seconds: _Optional[float] = ..., cached_tokens: _Optional[float] = ...) -> None: ...

class Agreement(_message.Message):
    __slots__ = ("planted_first", "accepted_first", "planted_anywhere", "remedy", "place", "situations", "placed")
    PLANTED_FIRST_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIRST_FIELD_NUMBER: _ClassVar[int]
    PLANTED_ANYWHERE_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    SITUATIONS_FIELD_NUMBER: _ClassVar[int]
    PLACED_FIELD_NUMBER: _ClassVar[int]
    planted_first: float
    accepted_first: float
    planted_anywhere: float
    remedy: float
    place: float
    situations: int
    placed: int
    def __init__(self, planted_first: _Optional[float] = ..., accepted_first: _Optional[float] = ..., planted_anywhere: _Optional[float] = ..., remedy: _Optional[float] = ..., place: _Optional[float] = ..., situations: _Optional[int] = ..., placed: _Optional[int] = ...) -> None: ...

class ModeScores(_message.Message):
    __slots__ = ("mode", "situations", "agreement", "candidates")
    MODE_FIELD_NUMBER: _ClassVar[int]
    SITUATIONS_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    mode: _diagnosis_pb2.FailureMode
    situations: int
    agreement: Agreement
    candidates: CandidateScores
    def __init__(self, mode: _Optional[_Union[_diagnosis_pb2.FailureMode, str]] = ..., situations: _Optional[int] = ..., agreement: _Optional[_Union[Agreement, _Mapping]] = ..., candidates: _Optional[_Union[CandidateScores, _Mapping]] = ...) -> None: ...

class CandidateScores(_message.Message):
    __slots__ = ("given", "wanted", "screened", "passed", "diversity", "fitting")
    GIVEN_FIELD_NUMBER: _ClassVar[int]
    WANTED_FIELD_NUMBER: _ClassVar[int]
    SCREENED_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    DIVERSITY_FIELD_NUMBER: _ClassVar[int]
    FITTING_FIELD_NUMBER: _ClassVar[int]
    given: int
    wanted: int
    screened: int
    passed: float
    diversity: float
    fitting: float
    def __init__(self, given: _Optional[int] = ..., wanted: _Optional[int] = ..., screened: _Optional[int] = ..., passed: _Optional[float] = ..., diversity: _Optional[float] = ..., fitting: _Optional[float] = ...) -> None: ...

class Judgement(_message.Message):
    __slots__ = ("backend", "model", "critic", "generator", "agreement", "candidates", "answers", "samples", "modes")
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CRITIC_FIELD_NUMBER: _ClassVar[int]
    GENERATOR_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    MODES_FIELD_NUMBER: _ClassVar[int]
    backend: str
    model: str
    critic: MindScores
    generator: MindScores
    agreement: Agreement
    candidates: CandidateScores
    answers: _containers.RepeatedCompositeFieldContainer[Answer]
    samples: int
    modes: _containers.RepeatedCompositeFieldContainer[ModeScores]
    def __init__(self, backend: _Optional[str] = ..., model: _Optional[str] = ..., critic: _Optional[_Union[MindScores, _Mapping]] = ..., generator: _Optional[_Union[MindScores, _Mapping]] = ..., agreement: _Optional[_Union[Agreement, _Mapping]] = ..., candidates: _Optional[_Union[CandidateScores, _Mapping]] = ..., answers: _Optional[_Iterable[_Union[Answer, _Mapping]]] = ..., samples: _Optional[int] = ..., modes: _Optional[_Iterable[_Union[ModeScores, _Mapping]]] = ...) -> None: ...

class Judgements(_message.Message):
    __slots__ = ("situations", "judgements")
    SITUATIONS_FIELD_NUMBER: _ClassVar[int]
    JUDGEMENTS_FIELD_NUMBER: _ClassVar[int]
    situations: _containers.RepeatedScalarFieldContainer[str]
    judgements: _containers.RepeatedCompositeFieldContainer[Judgement]
    def __init__(self, situations: _Optional[_Iterable[str]] = ..., judgements: _Optional[_Iterable[_Union[Judgement, _Mapping]]] = ...) -> None: ...
