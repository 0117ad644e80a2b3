"""Whether an endpoint can be used is said before a campaign begins."""

import socket

import pytest

from also.errors import EndpointError
from tools.faulty_llm.response import MODEL
from tools.faulty_llm.server import CONTEXT_TOKENS


def test_a_usable_endpoint_names_its_model(asker, ask_for):
    """The only model is found, with its context."""
    found = asker.check(ask_for().endpoint)
    assert (found.name, found.context_tokens) == (MODEL, CONTEXT_TOKENS)


def test_another_model_is_refused_with_those_there_are(asker, ask_for):
    """The error names both."""
    with pytest.raises(EndpointError, match=f"'other' but: {MODEL}"):
        asker.check(ask_for(model="other").endpoint)


def test_nobody_there_is_refused(asker, ask_for):
    """A wrong port is one clear error."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(EndpointError, match=f"127.0.0.1:{port}/v1 cannot be used: no connection"):
        asker.check(ask_for(url=f"http://127.0.0.1:{port}/v1").endpoint)


@pytest.mark.parametrize("kind", ["status_4xx", "status_5xx"])
def test_a_server_that_refuses_a_schema_is_refused(llm, asker, ask_for, kind):
    """A key or a schema that it does not take shows here, not in the first stage."""
    llm.fault_of = lambda call: kind
    with pytest.raises(EndpointError, match="HTTP status"):
        asker.check(ask_for().endpoint)
