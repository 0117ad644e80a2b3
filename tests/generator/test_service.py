"""The generator over a real gRPC server in this process."""

import json

import pytest

from also import rpc
from also.errors import DocumentError, ShapingError
from also.llm.asker import Asker
from also.services.generator import service
from also.services.generator.service import register
from also.settings import Settings
from also.shaping.rules import check_config
from also.v1 import campaign_pb2, generator_pb2_grpc
from also.v1 import diagnosis_pb2 as pb
from also.v1.llm_pb2 import LlmAllowance
from tools.faulty_llm.server import serving
from tools.loopback import served


@pytest.fixture(scope="module")
def generator():
    """Stub of a running generator."""
    with served(register) as address, rpc.connect(address) as channel:
        yield generator_pb2_grpc.GeneratorServiceStub(channel)


def test_candidates_survive_the_wire(generator, foraging, ask, propose, find):
    """The service returns what the rules propose."""
    request = ask(foraging, find(pb.REMEDY_GUIDE, milestone="met_at_food", feature="team_food_distance"))
    assert list(rpc.call(generator.Propose, request, seconds=10).candidates) == propose(request)


@pytest.mark.parametrize(
    ("field", "message"), [("diagnosis", "diagnosis is missing"), ("stage_env_steps", r"stage_env_steps 0 is outside")]
)
def test_a_request_that_lacks_something_is_the_callers_error(generator, foraging, ask, find, field, message):
    """It is refused with the field's name."""
    request = ask(foraging, find(pb.REMEDY_EXPLORE))
    request.ClearField(field)
    with pytest.raises(DocumentError, match=message):
        rpc.call(generator.Propose, request, seconds=10)


def test_a_name_that_is_not_on_the_card_is_the_callers_error(generator, foraging, ask, find):
    """The check is the service's own, beyond the ranges of fields."""
    with pytest.raises(DocumentError, match="'nowhere' is unknown"):
        rpc.call(generator.Propose, ask(foraging, find(pb.REMEDY_GUIDE, feature="nowhere")), seconds=10)


def test_an_invalid_incumbent_is_the_callers_error(generator, unnamed, ask, find, incumbent):
    """The error arrives as the class that was raised."""
    with pytest.raises(ShapingError, match="team_food_distance"):
        rpc.call(generator.Propose, ask(unnamed, find(pb.REMEDY_EXPLORE), incumbent=incumbent), seconds=10)


def test_an_incumbent_of_older_rules_is_mended(foraging, ask, find, propose, incumbent):
    """Its caps are scaled down, and candidates do without its potential of an action."""
    incumbent.terms[0].feature = "joint_loading"
    incumbent.terms[1].episode_cap = 0.45
    request = ask(foraging, find(pb.REMEDY_REMOVE, term="approach_food"), incumbent=incumbent)
    candidates = propose(request)
    assert candidates
    for candidate in candidates:
        check_config(candidate.config, foraging, request.gamma)


@pytest.mark.slow
def test_the_rules_answer_for_a_model_that_contradicts_the_card_twice(foraging, ask, find, propose, tmp_path):
    """What it proposed is named in the repair; the rules' candidates have no origin, and its calls are told."""
    wrong = {
        "reason": "x",
        "finding": 0,
        "credit": None,
        "add": [
            {
                "form": "potential",
                "target": "team",
                "feature": "team_food_distance",
                "transform": {"kind": "identity"},
                "gate": None,
                "weight": 50,
                "schedule": None,
            }
        ],
    }
    request = ask(foraging, find(pb.REMEDY_GUIDE, milestone="met_at_food"))
    expected = propose(request)
    with serving() as server:
        server.says = lambda asked: json.dumps({"candidates": [wrong]})
        request.settings.backend = campaign_pb2.GENERATOR_BACKEND_LLM
        request.settings.llm.url = server.url
        request.allowance.CopyFrom(LlmAllowance(calls=9, tokens=10**6))
        asker = Asker(Settings(store=str(tmp_path / "store")), first_pause_seconds=0.0)
        found = service.propose(request, asker)
        assert "pays for higher values" in server.requests[1]["messages"][-1]["content"]
    assert list(found.candidates) == expected
    assert not any(candidate.HasField("origin") for candidate in found.candidates)
    assert (found.llm.calls, found.llm.invalid) == (2, 2)
