from also.v1 import limits_pb2 as _limits_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Thinking(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    THINKING_UNSPECIFIED: _ClassVar[Thinking]
    THINKING_ON: _ClassVar[Thinking]
    THINKING_OFF: _ClassVar[Thinking]

class LlmFallback(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LLM_FALLBACK_UNSPECIFIED: _ClassVar[LlmFallback]
    LLM_FALLBACK_RULES: _ClassVar[LlmFallback]
    LLM_FALLBACK_HOLD: _ClassVar[LlmFallback]

class LlmFailureReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LLM_FAILURE_REASON_UNSPECIFIED: _ClassVar[LlmFailureReason]
    LLM_FAILURE_REASON_UNAVAILABLE: _ClassVar[LlmFailureReason]
    LLM_FAILURE_REASON_BUDGET_SPENT: _ClassVar[LlmFailureReason]
    LLM_FAILURE_REASON_REPLY_INVALID: _ClassVar[LlmFailureReason]
    LLM_FAILURE_REASON_CONTRADICTED: _ClassVar[LlmFailureReason]
THINKING_UNSPECIFIED: Thinking
THINKING_ON: Thinking
THINKING_OFF: Thinking
LLM_FALLBACK_UNSPECIFIED: LlmFallback
LLM_FALLBACK_RULES: LlmFallback
LLM_FALLBACK_HOLD: LlmFallback
LLM_FAILURE_REASON_UNSPECIFIED: LlmFailureReason
LLM_FAILURE_REASON_UNAVAILABLE: LlmFailureReason
LLM_FAILURE_REASON_BUDGET_SPENT: LlmFailureReason
LLM_FAILURE_REASON_REPLY_INVALID: LlmFailureReason
LLM_FAILURE_REASON_CONTRADICTED: LlmFailureReason

class LlmEndpoint(_message.Message):
    __slots__ = ("url", "model", "temperature", "max_tokens", "seconds", "tries", "thinking", "reasoning_effort", "evidence_tokens", "prompt_price", "completion_price", "fallback")
    URL_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    TRIES_FIELD_NUMBER: _ClassVar[int]
    THINKING_FIELD_NUMBER: _ClassVar[int]
    REASONING_EFFORT_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_PRICE_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_PRICE_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_FIELD_NUMBER: _ClassVar[int]
    url: str
    model: str
    temperature: float
    max_tokens: int
    seconds: float
    tries: int
    thinking: Thinking
    reasoning_effort: str
    evidence_tokens: int
    prompt_price: float
    completion_price: float
    fallback: LlmFallback
    def __init__(self, url: _Optional[str] = ..., model: _Optional[str] = ..., temperature: _Optional[float] = ..., max_tokens: _Optional[int] = ..., seconds: _Optional[float] = ..., tries: _Optional[int] = ..., thinking: _Optional[_Union[Thinking, str]] = ..., reasoning_effort: _Optional[str] = ..., evidence_tokens: _Optional[int] = ..., prompt_price: _Optional[float] = ..., completion_price: _Optional[float] = ..., fallback: _Optional[_Union[LlmFallback, str]] = ...) -> None: ...

class LlmAllowance(_message.Message):
    __slots__ = ("calls", "tokens")
    CALLS_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    calls: int
    tokens: int
    def __init__(self, calls: _Optional[int] = ..., tokens: _Optional[int] = ...) -> None: ...

class LlmUse(_message.Message):
    __slots__ = ("model", "prompt_sha256", "exchange", "calls", "prompt_tokens", "completion_tokens", "invalid", "repaired", "cost")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROMPT_SHA256_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    INVALID_FIELD_NUMBER: _ClassVar[int]
    REPAIRED_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    model: str
    prompt_sha256: str
    exchange: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    invalid: int
    repaired: bool
    cost: float
    def __init__(self, model: _Optional[str] = ..., prompt_sha256: _Optional[str] = ..., exchange: _Optional[str] = ..., calls: _Optional[int] = ..., prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ..., invalid: _Optional[int] = ..., repaired: _Optional[bool] = ..., cost: _Optional[float] = ...) -> None: ...

class LlmFailure(_message.Message):
    __slots__ = ("reason", "detail")
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    reason: LlmFailureReason
    detail: str
    def __init__(self, reason: _Optional[_Union[LlmFailureReason, str]] = ..., detail: _Optional[str] = ...) -> None: ...

class LlmMessage(_message.Message):
    __slots__ = ("role", "content")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    role: str
    content: str
    def __init__(self, role: _Optional[str] = ..., content: _Optional[str] = ...) -> None: ...

class LlmPrompt(_message.Message):
    __slots__ = ("mind", "stage", "round", "prompt_sha256", "endpoint", "messages", "schema", "choices", "tokens", "counted")
    MIND_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    PROMPT_SHA256_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    mind: str
    stage: int
    round: int
    prompt_sha256: str
    endpoint: LlmEndpoint
    messages: _containers.RepeatedCompositeFieldContainer[LlmMessage]
    schema: str
    choices: int
    tokens: int
    counted: bool
    def __init__(self, mind: _Optional[str] = ..., stage: _Optional[int] = ..., round: _Optional[int] = ..., prompt_sha256: _Optional[str] = ..., endpoint: _Optional[_Union[LlmEndpoint, _Mapping]] = ..., messages: _Optional[_Iterable[_Union[LlmMessage, _Mapping]]] = ..., schema: _Optional[str] = ..., choices: _Optional[int] = ..., tokens: _Optional[int] = ..., counted: _Optional[bool] = ...) -> None: ...

class LlmReply(_message.Message):
    __slots__ = ("body", "seconds", "more")
    BODY_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    body: str
    seconds: float
    more: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, body: _Optional[str] = ..., seconds: _Optional[float] = ..., more: _Optional[_Iterable[str]] = ...) -> None: ...

class LlmOrigin(_message.Message):
    __slots__ = ("exchange", "reply", "choice", "item")
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    CHOICE_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    exchange: str
    reply: int
    choice: int
    item: int
    def __init__(self, exchange: _Optional[str] = ..., reply: _Optional[int] = ..., choice: _Optional[int] = ..., item: _Optional[int] = ...) -> None: ...
