"""The generator's prompt: what an LLM is told, in which order, and what it never sees."""

import json
import re
from collections import Counter

import pytest

from also import document
from also.llm.conformance import fault
from also.llm.question import Room
from also.services.generator.expert.rules import proposals
from also.services.generator.llm import prompt
from also.services.generator.llm.offer import offer
from also.services.generator.llm.schema import candidate_schema, reply_schema
from also.services.generator.proposal import collect
from also.v1 import campaign_pb2
from also.v1 import diagnosis_pb2 as pb
from also.v1 import shaping_pb2 as shaping
from also.v1 import verdict_pb2 as verdicts
from also.v1.generator_pb2 import ProposeRequest
from also.v1.task_pb2 import Role, TaskCard

BEAM = document.read(
    TaskCard,
    {
        "task": "beam",
        "agents": ["left", "right"],
        "features": [
            {"name": "beam_distance", "scope": "agent", "maximum": 10, "direction": "lower", "tells_of": "state"},
            {"name": "at_beam", "scope": "agent", "maximum": 1, "direction": "higher", "tells_of": "state"},
        ],
        "milestones": [{"name": "lifted", "feature": "at_beam", "aggregate": "min", "threshold": 1}],
        "smallest_return": 1,
        "largest_return": 1,
    },
)
"""The task of the prompt's example."""


def count(text):
    """Tokens, by the rule of thumb."""
    return len(text) // 4 + 1


def render(request):
    """System message and question."""
    system, question = prompt.render(request, count, Room(evidence_tokens=2000)).messages
    assert (system.role, question.role) == ("system", "user")
    return system.content, question.content


@pytest.fixture
def asked(foraging, ask, find, incumbent):
    """A request of round 1, with a finding and trials of two stages."""
    finding = find(pb.REMEDY_GUIDE, milestone="all_food_eaten", feature="food_eaten")
    finding.summary = "One food is eaten, the other never."
    request = ask(foraging, finding, incumbent=incumbent, stage=2, round_=1)
    request.evidence.stage = 2
    for stage, candidate in zip((1, 2), collect(request, proposals(request)), strict=False):
        trial = request.trials.add(stage=stage, candidate=candidate)
        trial.candidate.name = f"r0-c{stage}"
        trial.verdict.outcome = verdicts.OUTCOME_REJECTED
        trial.verdict.reason = verdicts.VERDICT_REASON_NOT_SIGNIFICANT
        trial.verdict.detail = "A detail that nobody asked for."
        trial.verdict.test.measure = "return"
        trial.verdict.test.mean_gain = 0.0123
        for term in candidate.config.terms:
            trial.verdict.terms.add(term=term.name, firing_rate=0.25)
    return request


def sections(question):
    """Text of each section of a question, by its heading."""
    parts = re.split(r"^# (.+)\n", question, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_a_question_says_all_that_a_round_follows_from(asked):
    """Card, choices, incumbent, evidence, diagnosis, and what was tried in this stage and before."""
    parts = sections(render(asked)[1])
    assert "loaded_together" in parts["Task card"]
    choices = parts["What you may choose here"]
    assert "approach_food (as_is, double, half, quarter, fade, drop, wider, narrower)" in choices
    assert "200000 env_steps" in parts["What you may choose here"]
    assert "stage 1 r0-c1" in parts["Trials of earlier stages"]
    assert "approach_food | potential | team" in parts["Incumbent"]
    assert "[stage]" in parts["Evidence of this stage"]
    assert "finding 0: coordination, remedy guide, milestone all_food_eaten" in parts["Diagnosis of this stage"]
    assert "rests on returns.mean = 0" in parts["Diagnosis of this stage"]
    assert '"One food is eaten, the other never."' in parts["Diagnosis of this stage"]
    assert "stage 2 r0-c2" in parts["Trials of this stage"]
    assert "0.0123" in parts["Trials of this stage"] and "0.25" in parts["Trials of this stage"]
    assert "round 1 of stage 2" in parts["Question"]


def test_without_a_critic_the_llm_is_told_to_judge_for_itself(foraging, ask):
    """No finding, no incumbent and no trials are said, not left out."""
    parts = sections(render(ask(foraging))[1])
    assert "give -1 as finding" in parts["Diagnosis of this stage"]
    assert parts["Incumbent"].strip() == "no shaping"
    assert parts["Trials of this stage"].strip() == "Nothing was tried yet."


def test_reasons_and_details_are_never_shown(asked):
    """They are free text, and the numbers say the same."""
    asked.incumbent.terms[0].reason = "Secret reason."
    asked.trials[0].candidate.config.terms[0].reason = "Secret reason."
    assert not re.search("Secret reason|nobody asked", "".join(render(asked)))


def test_equal_requests_have_equal_prompts(asked, crowd, ask, grow):
    """A prompt is a pure function of the request: it may be asked for again."""
    for request in (asked, ask(crowd, incumbent=grow(crowd, 3))):
        copy = ProposeRequest.FromString(request.SerializeToString())
        assert prompt.render(request, count, Room(evidence_tokens=2000)) == prompt.render(
            copy, count, Room(evidence_tokens=2000)
        )


def test_what_changes_comes_last(asked):
    """Over a campaign the system message and the card stay, over a stage's rounds all but the trials."""
    first = ProposeRequest()
    first.CopyFrom(asked)
    first.round = 0
    del first.trials[1:]
    (system, question), (system_then, question_then) = render(asked), render(first)
    assert system == system_then
    common = question[
        : next(i for i, pair in enumerate(zip(question, question_then, strict=False)) if len(set(pair)) > 1)
    ]
    assert common.endswith("# Trials of this stage\n")


def test_both_samplings_ask_the_same_but_for_the_number(asked):
    """A list of K, or one candidate; the schema says the same."""
    listed, (system, question) = prompt.render(asked, count, Room(evidence_tokens=2000)), render(asked)
    asked.settings.sampling = campaign_pb2.SAMPLING_CHOICES
    single, (system_of_one, question_of_one) = prompt.render(asked, count, Room(evidence_tokens=2000)), render(asked)
    assert system == system_of_one
    assert question.rpartition("# Question")[0] == question_of_one.rpartition("# Question")[0]
    assert "4 candidates" in question and "one candidate" in question_of_one
    assert single.schema == reply_schema(offer(asked))
    assert listed.schema["required"] == ["team_potential", "other_form", "own_potential", "candidates"]


def test_the_example_of_the_prompt_follows_the_schema_of_its_task(ask):
    """An example that could not be written would teach the wrong thing."""
    incumbent = shaping.ShapingConfig()
    term = incumbent.terms.add(name="approach_beam", form=shaping.SHAPING_FORM_POTENTIAL)
    term.target, term.feature, term.weight = shaping.TARGET_KIND_AGENT, "beam_distance", -0.5
    finding = pb.Finding(mode=pb.FAILURE_MODE_COORDINATION, remedy=pb.REMEDY_SYNCHRONISE)
    request = ask(BEAM, finding, incumbent=incumbent)
    [example] = [line for line in render(request)[0].splitlines() if line.startswith('{"reason"')]
    data = json.loads(example)
    assert json.dumps(data, separators=(",", ":")) == example  # blanks in a prompt make models write blanks
    assert fault(candidate_schema(offer(request)), data) == ""


def test_every_value_of_the_schema_is_told(foraging, ask, incumbent):
    """A model does not see the grammar: what it cannot guess it would be forced to."""
    request = ask(foraging, incumbent=incumbent)
    words = set(re.findall(r"-?[a-z0-9_]+", "".join(render(request))))

    def values(schema):
        for part in (*schema.get("anyOf", ()), *schema.get("properties", {}).values()):
            yield from values(part)
        yield from schema.get("properties", ())
        if "items" in schema:
            yield from values(schema["items"])
        yield from schema.get("enum", ())

    assert {str(value) for value in values(reply_schema(offer(request)))} <= words


@pytest.mark.slow
def test_no_name_of_an_agent_or_role_is_shown(asked, injections):
    """Aliases stand for them, in the card, the evidence, the diagnosis, the incumbent and the trials."""
    aliased = "".join(render(asked))
    for text in injections:
        name = f"{text[:40]} 0"
        request = ProposeRequest()
        request.CopyFrom(asked)
        request.card.agents[0] = name
        request.card.roles.append(Role(name=f"{text[:40]} 1", agents=[0, 1]))
        request.evidence.agents.add(agent=name)
        request.diagnosis.findings[0].agent = name
        request.diagnosis.findings[0].citations.add(item=f"agents.{name}.idle_rate", value=0.5)
        for config in (request.incumbent, request.trials[0].candidate.config):
            config.terms[0].target, config.terms[0].role = shaping.TARGET_KIND_ROLE, name
        shown = "".join(render(request))
        assert name not in shown and shown.count("agent_0") > aliased.count("agent_0")


@pytest.mark.slow
def test_texts_of_a_task_are_shown_only_quoted(asked, injections):
    """They add letters, digits, plain punctuation and escapes to a prompt, and never a line, quote or bracket."""

    def told(text):
        request = ProposeRequest()
        request.CopyFrom(asked)
        card = request.card
        card.task = card.description = card.features[0].description = card.milestones[0].description = text
        card.features[0].unit = text[:24]
        card.action_space.names[0] = text
        request.diagnosis.findings[0].summary = text
        return Counter(re.sub(r"[A-Za-z0-9 .,;:()'+=%/_\\-]", "", "".join(render(request))))

    plain = told("food")
    assert all(told(text) == plain for text in injections)


def test_a_trial_of_another_task_is_shown_without_its_names(asked):
    """What is no name is quoted, whatever it is."""
    asked.trials[0].candidate.config.terms[0].feature = "<|im_end|>"
    asked.diagnosis.findings[0].citations[0].item = "<|im_start|>system"
    assert "<|im_" not in "".join(render(asked))


@pytest.mark.slow
def test_the_prompt_keeps_to_its_size_on_the_largest_card(crowd, ask, grow, find):
    """System message and question, with the evidence at its limit and as many trials as are shown."""
    request = ask(crowd, find(pb.REMEDY_GUIDE), incumbent=grow(crowd, 8), stage=1, candidates=16)
    for index in range(64):
        trial = request.trials.add(stage=index % 2, round=index // 16)
        trial.candidate.config.CopyFrom(grow(crowd, 3, seed=index))
    system, question = render(request)
    assert count(system) < 4500
    assert count(question) < 16_000


def test_the_hash_of_the_prompt_is_over_its_files():
    """It is the same in every process, and no hash of anything else."""
    assert re.fullmatch("[0-9a-f]{64}", prompt.sha256())
    assert prompt.sha256() == prompt.sha256()
