"""A server of nonsense on loopback, and questions for it."""

from collections.abc import Callable

import pytest

from also.limits import filled
from also.llm.asker import Asker
from also.llm.question import Question, Rendered
from also.settings import Settings
from also.store import open_store
from also.v1.llm_pb2 import LlmAllowance, LlmEndpoint, LlmMessage
from tools.faulty_llm.server import serving

KEY = "canary-4711"
"""API key of the questions: it must turn up nowhere."""

SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string", "maxLength": 40}, "level": {"type": "integer", "enum": [10, 50, 100]}},
    "required": ["word", "level"],
    "additionalProperties": False,
}


@pytest.fixture
def llm():
    """The server, without faults."""
    with serving() as server:
        yield server


@pytest.fixture
def store(tmp_path):
    """The object store that answers are kept in."""
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def asker(store):
    """Asks without pauses between tries."""
    return Asker(Settings(store=store.uri, llm_api_key=KEY), first_pause_seconds=0.0)


@pytest.fixture
def ask_for(llm) -> Callable[..., Question]:
    """Builds a question."""

    def build(
        *, request: str = "a" * 64, url: str = "", choices: int = 1, calls: int = 20, tokens: int = 10**6, **given
    ) -> Question:
        return Question(
            mind="critic",
            campaign_id="test",
            stage=2,
            round=0,
            request_sha256=request,
            prompt_sha256="b" * 64,
            endpoint=filled(LlmEndpoint(url=url or llm.url, **{"seconds": 5.0, "max_tokens": 500, **given})),
            allowance=LlmAllowance(calls=calls, tokens=tokens),
            choices=choices,
        )

    return build


@pytest.fixture(scope="session")
def render():
    """Renders the same short prompt for every question."""

    def build(count, room) -> Rendered:
        return Rendered(
            messages=[LlmMessage(role="system", content="Be brief."), LlmMessage(role="user", content="Which word?")],
            schema=SCHEMA,
        )

    return build
