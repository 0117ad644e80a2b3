"""Messages as plain data: the one mapping between protobuf and JSON or YAML."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from also import document
from also.errors import DocumentError
from also.v1 import (
    branch_pb2,
    campaign_pb2,
    checkpoint_pb2,
    evidence_pb2,
    journal_pb2,
    shaping_pb2,
    task_pb2,
    trainer_pb2,
    verdict_pb2,
)

KINDS = [
    branch_pb2.BranchGroup,
    branch_pb2.BranchGroupResult,
    campaign_pb2.Campaign,
    checkpoint_pb2.CheckpointManifest,
    evidence_pb2.Evidence,
    journal_pb2.JournalRecord,
    shaping_pb2.ShapingConfig,
    task_pb2.TaskCard,
    trainer_pb2.TrainStageRequest,
    verdict_pb2.Validation,
]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=25)
def test_a_message_survives_its_plain_data(messages, kind, data):
    """Reading what was written gives an equal message, as data and as bytes."""
    message = data.draw(messages(kind))
    assert document.read(kind, document.plain(message)) == message
    assert document.parse_json(kind, document.canonical(message), "here") == message


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=25)
def test_equal_messages_have_equal_bytes(messages, data):
    """The canonical form does not depend on how a message came to be."""
    message = data.draw(messages(campaign_pb2.Campaign))
    copy = campaign_pb2.Campaign.FromString(message.SerializeToString())
    assert document.canonical(copy) == document.canonical(message)
    assert document.digest(copy) == document.digest(message)


def test_canonical_bytes_are_written_down():
    """The canonical form may never change: journals and checkpoints are named by its hash."""
    term = shaping_pb2.ShapingTerm(name="near", form="SHAPING_FORM_POTENTIAL", target="TARGET_KIND_TEAM", weight=0.5)
    config = shaping_pb2.ShapingConfig(terms=[term])
    assert document.canonical(config) == (
        b'{"terms":[{"form":"potential","name":"near","target":"team","weight":0.5}]}'
    )
    assert document.digest(config) == "f0a509f97ebc88cde0826f49167a76abe6312fbf9ac252012ef0d57ce0eafa32"


def test_enums_are_short_names():
    """An enum is its name without the prefix, in lower case."""
    settings = campaign_pb2.ValidationSettings(adopt="ADOPT_CONFIG")
    assert document.plain(settings) == {"adopt": "config"}
    assert document.read(campaign_pb2.ValidationSettings, {"adopt": "config"}) == settings


def test_a_set_default_is_kept():
    """An optional field that is set to 0 is not the same as one that is left out."""
    learner = campaign_pb2.LearnerSettings(gamma=0.0, recurrent=False)
    assert document.plain(learner) == {"gamma": 0, "recurrent": False}
    assert document.plain(campaign_pb2.LearnerSettings()) == {}


def test_whole_numbers_are_written_without_a_point():
    """A double that is whole is written as an integer; a large one keeps its exponent."""
    assert document.canonical(task_pb2.Scalar(number=3.0)) == b'{"number":3}'
    assert document.canonical(task_pb2.Scalar(number=1e300)) == b'{"number":1e+300}'


def test_large_integers_stay_exact():
    """64-bit integers are numbers, not texts."""
    campaign = campaign_pb2.Campaign(seed=2**53 - 1)
    assert json.loads(document.canonical(campaign)) == {"seed": 2**53 - 1}


def test_arguments_of_a_task_are_plain_scalars():
    """A campaign file writes a task's arguments as they are; a record's form is read as well."""
    plainly = document.read(task_pb2.Task, {"name": "m:f", "arguments": {"n": 3, "text": "x", "flag": True}})
    assert plainly.arguments["n"].number == 3
    assert plainly.arguments["text"].text == "x"
    assert plainly.arguments["flag"].flag is True
    assert document.read(task_pb2.Task, document.plain(plainly)) == plainly


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ([], "Campaign is a list; a mapping is expected"),
        ("x", "Campaign is the text 'x'; a mapping is expected"),
        (None, "Campaign is empty; a mapping is expected"),
        ({"learnr": {}}, "unknown key 'learnr'; allowed here: task, seed, learner"),
        ({1: {}}, "unknown key '1'; allowed here: task"),
        ({"learner": {"gama": 1}}, "unknown key 'learner.gama'; allowed here: algorithm"),
        ({"learner": 3}, "learner is the number 3; a mapping is expected"),
        ({"learner": None}, "learner is empty; leave the key out, or give it a value"),
        ({"learner": {"gamma": "high"}}, "learner.gamma is the text 'high'; a number is expected"),
        ({"learner": {"gamma": True}}, "learner.gamma is the truth value true; a number is expected"),
        ({"learner": {"gamma": float("nan")}}, "learner.gamma nan is not a finite number"),
        ({"learner": {"gamma": 10**400}}, "is not a finite number"),
        ({"learner": {"epochs": 1.5}}, "learner.epochs 1.5 is not a whole number"),
        ({"learner": {"epochs": float("inf")}}, "learner.epochs inf is not a whole number"),
        ({"learner": {"epochs": -1}}, "learner.epochs -1 is outside [0, 4294967295]"),
        ({"seed": 2**63}, "seed 9223372036854775808 is outside"),
        ({"learner": {"recurrent": 1}}, "learner.recurrent is the number 1; true or false is expected"),
        (
            {"learner": {"algorithm": "coma"}},
            "learner.algorithm 'coma' is not allowed; allowed: mappo, ippo, vdn, qmix",
        ),
        (
            {"learner": {"algorithm": 1}},
            "learner.algorithm is the number 1; one of these is expected: mappo, ippo, vdn",
        ),
        ({"task": {"name": 1}}, "task.name is the number 1; a text is expected"),
        ({"task": {"arguments": [1]}}, "task.arguments is a list; a mapping is expected"),
        ({"task": {"arguments": {"n": [1]}}}, "task.arguments.n is a list; a number, a text or a truth value"),
        ({"task": {"arguments": {"n": None}}}, "task.arguments.n is empty"),
        ({"task": {"arguments": {"n": float("inf")}}}, "task.arguments.n inf is not a finite number"),
        ({"task": {"arguments": {True: 1}}}, "task.arguments has the key True; a text is expected"),
        ({"shaping": {"terms": {}}}, "shaping.terms is a mapping; a list is expected"),
        ({"shaping": {"terms": [{"name": "a"}, 3]}}, "shaping.terms[1] is the number 3; a mapping is expected"),
        (
            {"shaping": {"terms": [{"event": {}, "credit": {}}]}},
            "shaping.terms[0].credit cannot be set together with 'event'",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_path(data, complaint):
    """Every mistake names the place, the value and what is allowed."""
    with pytest.raises(DocumentError) as caught:
        document.read(campaign_pb2.Campaign, data)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000], ids=["empty", "cut", "bytes", "deep"])
def test_bytes_that_are_not_json_are_refused(content):
    """A damaged object is a document error that names the object."""
    with pytest.raises(DocumentError, match=r"^campaigns/a/journal/0.json is not JSON"):
        document.parse_json(campaign_pb2.Campaign, content, "campaigns/a/journal/0.json")


def test_a_foreign_object_is_named():
    """JSON that is not such a message is refused with the object's name."""
    with pytest.raises(DocumentError, match=r"^spec.json: unknown key 'x'"):
        document.parse_json(campaign_pb2.Campaign, b'{"x": 1}', "spec.json")


def test_a_number_that_is_not_finite_has_no_bytes():
    """JSON has no NaN, so a canonical form has none either."""
    with pytest.raises(ValueError, match="JSON"):
        document.canonical(branch_pb2.Measure(mean_return=float("nan")))
