"""What a campaign is worth for training: pairs of candidates and of diagnoses, and replies that proved right."""

import json

import pytest
import yaml

from also import keys
from also.campaign import preferences, remedies
from also.campaign.dataset import CARD, Dataset, lines, write
from also.campaign.fold import event_of, fold
from also.errors import DocumentError
from also.store import open_store
from also.v1.diagnosis_pb2 import Citation, FailureMode, Finding, Remedy
from also.v1.journal_pb2 import Diagnosed, Promoted, Proposed
from also.v1.llm_pb2 import LlmMessage, LlmOrigin, LlmPrompt, LlmReply, LlmUse

REMEDIES = {0: Remedy.REMEDY_EXPLORE, 1: Remedy.REMEDY_GUIDE, 2: Remedy.REMEDY_GUIDE}
"""What the LLM asks for in each stage; in stage 1 it helps."""

GUIDE = {"mode": "exploration", "milestone": "", "remedy": "guide", "severity": 90, "summary": "Nobody comes near."}
EXPLORE = {**GUIDE, "remedy": "explore"}
OTHER = {**GUIDE, "mode": "coordination", "remedy": "synchronise", "severity": 50}


def exchange(mind, stage):
    return f"{mind}-{stage}".ljust(64, "0")


def keep(store, name, data):
    """Store an exchange: its prompt, and one reply."""
    messages = [LlmMessage(role="system", content="Be right."), LlmMessage(role="user", content=f"Asked in {name}.")]
    body = {"choices": [{"finish_reason": "stop", "message": {"content": json.dumps(data)}}]}
    schema = json.dumps({"required": list(data)})
    store.create_message(keys.llm_prompt("one", name), LlmPrompt(messages=messages, schema=schema))
    store.create_message(keys.llm_reply("one", name, 0), LlmReply(body=json.dumps(body)))


@pytest.fixture
def store(tmp_path):
    """The store with what was asked and said."""
    opened = open_store(str(tmp_path / "store"))
    for stage, finding in enumerate((EXPLORE, GUIDE, GUIDE)):
        keep(opened, exchange("critic", stage), {"findings": [OTHER, finding]})
        keep(opened, exchange("generator", stage), {"candidates": [{"number": 0}, {"number": 1}]})
    return opened


@pytest.fixture
def records(new_world, new_campaign, played):
    """A campaign of an LLM: exploring is tried in vain, then guiding is promoted, and the return rises after it.

    Beside the finding that helped stands another one in each stage; one of two candidates answers it, and is rejected.
    """
    world = new_world(
        stage_return=lambda stage: 0.2 if stage < 2 else 0.6,
        branch_return=lambda stage, arm, index: 0.2 + 0.3 * (stage == 1 and arm == "r0-c1"),
        remedy=REMEDIES.__getitem__,
    )
    made = played(world, new_campaign(**{"stages.count": 3, "validation.rounds": 1}))
    for record in made:
        event = event_of(record)
        if isinstance(event, Diagnosed):
            event.diagnosis.backend = "llm"
            event.diagnosis.findings.append(
                Finding(
                    mode=FailureMode.FAILURE_MODE_COORDINATION,
                    remedy=Remedy.REMEDY_SYNCHRONISE,
                    severity=0.5,
                    confidence=0.5,
                    citations=[Citation(item="returns.mean")],
                )
            )
            event.llm.CopyFrom(LlmUse(model="m", exchange=exchange("critic", event.stage), calls=1))
        if isinstance(event, Proposed):
            event.llm.CopyFrom(LlmUse(model="m", exchange=exchange("generator", event.stage), calls=1))
            for number, candidate in enumerate(event.candidates):
                candidate.finding = 1 - number
                candidate.origin.CopyFrom(LlmOrigin(exchange=exchange("generator", event.stage), item=number))
    return made


@pytest.fixture
def dataset(records, store):
    """The data of that campaign."""
    found = Dataset()
    found.add(records, "one", store)
    return found


def content(messages):
    """What the only message of a reply says."""
    (message,) = messages
    assert message["role"] == "assistant"
    return json.loads(message["content"])


def test_the_campaign_is_as_it_is_meant(records):
    """Stage 1 promotes the candidate that answers the first finding; the others reject everything."""
    decided = [type(stage.decision) for stage in fold(records).stages]
    assert [kind is Promoted for kind in decided] == [False, True, False]


def test_a_remedy_that_helped_is_preferred_to_those_tried_in_vain(records, store):
    """To the other finding's of the same stage, and to the earlier one against the same trouble."""
    pairs = list(remedies.pairs(fold(records), "one", store))
    assert [content(pair["chosen"])["findings"] for pair in pairs] == [[GUIDE], [GUIDE]]
    assert [content(pair["rejected"])["findings"] for pair in pairs] == [[OTHER], [EXPLORE]]
    assert [(pair["rejected_remedy"], pair["rejected_in"]) for pair in pairs] == [("synchronise", 1), ("explore", 0)]
    for pair in pairs:
        assert [message["role"] for message in pair["prompt"]] == ["system", "user"]
        assert pair["prompt"][1]["content"] == f"Asked in {exchange('critic', 1)}."
        assert (pair["mind"], pair["model"], pair["stage"]) == ("critic", "m", 1)


def test_a_promotion_after_which_nothing_rises_teaches_nothing(records, store):
    """Where the campaign ends with it, nobody knows whether it would have lasted."""
    end = next(index for index, record in enumerate(records) if isinstance(event_of(record), Promoted))
    assert list(remedies.pairs(fold(records[: end + 1]), "one", store)) == []


def test_a_diagnosis_of_the_rules_is_no_words_of_an_llm(records, store):
    """Not even where it stands in an LLM's place."""
    for record in records:
        if isinstance(event_of(record), Diagnosed):
            event_of(record).diagnosis.backend = "rules, after LlmContradicted"
    assert list(remedies.pairs(fold(records), "one", store)) == []


def test_a_promoted_candidate_is_preferred_to_the_others_of_its_round(records, store):
    """Each as a whole reply of its own."""
    (pair,) = preferences.pairs(fold(records), "one", store)
    assert content(pair["chosen"]) == {"candidates": [{"number": 1}]}
    assert content(pair["rejected"]) == {"candidates": [{"number": 0}]}
    assert pair["mind"] == "generator"


def test_demonstrations_are_the_finding_and_the_candidate_that_proved_right(dataset):
    """In TRL's form and in Axolotl's, the same messages."""
    assert [content(row["completion"]) for row in dataset.trl] == [
        {"findings": [GUIDE]},
        {"candidates": [{"number": 1}]},
    ]
    assert [row["messages"] for row in dataset.axolotl] == [row["prompt"] + row["completion"] for row in dataset.trl]


def test_the_folder_has_a_card_that_names_its_files(dataset, tmp_path):
    """Its front matter is YAML, its counts are those of the files."""
    write(dataset, tmp_path / "data")
    card = (tmp_path / "data" / CARD).read_text(encoding="utf-8")
    named = {each["data_files"] for each in yaml.safe_load(card.split("---")[1])["configs"]}
    assert named == {path.name for path in (tmp_path / "data").iterdir()} - {CARD}
    assert "| `preferences.jsonl` | 1 | pairs of candidates" in card
    assert "| `preferences.jsonl` | 2 | pairs of diagnoses" in card
    assert "one: recorded/task, seed 0, m" in card
    assert lines(dataset.pairs) == (tmp_path / "data" / "preferences.jsonl").read_text(encoding="utf-8")


def test_an_exchange_that_is_not_there_is_an_error(records, tmp_path):
    """A store that was tidied up by hand, for example; nothing is made up."""
    with pytest.raises(DocumentError, match="is not in the store"):
        list(remedies.pairs(fold(records), "one", open_store(str(tmp_path / "empty"))))


def test_a_reply_that_is_not_there_is_an_error(records, store, tmp_path):
    """Its prompt alone says nothing."""
    for path in (tmp_path / "store").rglob("reply-*"):
        path.unlink()
    with pytest.raises(DocumentError, match="has no findings"):
        list(remedies.pairs(fold(records), "one", store))
