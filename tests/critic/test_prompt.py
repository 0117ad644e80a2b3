"""The critic's prompt says all that matters, nothing that a task's author slipped in, and is the same every time."""

import json
import re
import shutil

import pytest

from also.briefing import prompt as prompts
from also.llm.question import Room
from also.services.critic.prompt import MOST_TRIALS, PROMPTS, SHARED, render, sha256
from also.v1 import diagnosis_pb2 as pb


def estimate(text):
    """Tokens of a text, roughly."""
    return len(text) // 3


def skeleton(text):
    """A text with every quoted string emptied."""
    return re.sub(r'"[^"\n]*"', '""', text)


def contents(rendered):
    """The texts of a prompt's messages."""
    return [message.content for message in rendered.messages]


def test_a_prompt_is_a_system_message_and_a_question(full):
    """What the critic is, and what it is asked."""
    rendered = render(full(), estimate, Room(evidence_tokens=2000))
    assert [message.role for message in rendered.messages] == ["system", "user"]
    system, user = contents(rendered)
    assert system.startswith("You are the critic of ALSO.")
    assert user.splitlines()[-1].startswith("What holds the team back in stage 1?")


def test_equal_requests_have_equal_prompts(full):
    """Rendering follows from the request alone, and leaves it as it is."""
    request = full()
    before = request.SerializeToString(deterministic=True)
    assert render(request, estimate, Room(evidence_tokens=2000)) == render(full(), estimate, Room(evidence_tokens=2000))
    assert request.SerializeToString(deterministic=True) == before


def test_what_stays_the_same_comes_first(full):
    """The system message is the same for every request; a stage more leaves the beginning of the question as it was."""
    request = full()
    early, late = full(), request
    del early.evidence[1:], early.past[:], early.trials[:]
    (system, user), (system_later, user_later) = (
        contents(render(early, estimate, Room(evidence_tokens=2000))),
        contents(render(late, estimate, Room(evidence_tokens=2000))),
    )
    assert system == system_later
    card = user.split("# Earlier stages")[0]
    assert len(card) > 500 and user_later.startswith(card)


def test_the_question_has_every_part(full):
    """Card, earlier stages with their outcomes, trials with their numbers, incumbent and evidence."""
    _, user = contents(render(full(), estimate, Room(evidence_tokens=2000)))
    headings = re.findall(r"^# (.+)$", user, re.MULTILINE)
    assert headings == [
        "Task card",
        "Earlier stages",
        "Trials",
        "Incumbent",
        "Evidence of this stage",
        "What follows from these numbers",
        "Question",
    ]
    for line in (
        "agents: agent_0, agent_1",
        "0 | no_signal | 0 [-0.02, 0.02] | 0 | 0.25 | promoted | 0.02",
        (
            "  finding 0: coordination of milestone met_at_food, agent agent_0; remedy synchronise; severity 90 %; "
            "confidence 85 %"
        ),
        "approach | 0.5 potential of team_food_distance for role role_0 | 0.9 | 0.8 | 0",
        "met_at_food | 0.12 | 20 | 2 | 0.12 | 1",
        "agent_1 | 0.02 | 0.6 | 0.6",
    ):
        assert line in user.splitlines(), line


def test_the_question_divides_by_the_largest_return(full):
    """Phases are defined by shares, and small models are bad at division."""
    request = full()
    request.card.largest_return = 0.5
    _, user = contents(render(request, estimate, Room(evidence_tokens=2000)))
    assert (
        "the mean return is 0.04 [0, 0.08], 0 [-0.04, 0.04] in the stage before; "
        "along the curve it changed by 0, from the first third to the last."
    ) in user


@pytest.mark.slow
def test_no_text_of_a_user_or_a_mind_leaves_its_quotes(full, injections):
    """Whatever is written into card, reasons, details and summaries, only quoted strings differ."""
    harmless = render(full(), estimate, Room(evidence_tokens=2000))
    for text in injections:
        rendered = render(full(text), estimate, Room(evidence_tokens=2000))
        assert list(map(skeleton, contents(rendered))) == list(map(skeleton, contents(harmless))), text
        assert rendered.schema == harmless.schema, text


@pytest.mark.slow
def test_no_character_with_a_meaning_to_chat_templates_reaches_the_question(full, injections):
    """Nor any that cannot be seen, nor any sign of markup."""
    for text in injections:
        _, user = contents(render(full(text), estimate, Room(evidence_tokens=2000)))
        inside = "".join(re.findall(r'"([^"\n]*)"', user))
        assert re.fullmatch(r"[A-Za-z0-9 .,;:()'+=%/_\\-]*", inside), text
        assert user.isascii()


def test_names_of_agents_and_texts_of_minds_are_not_shown_at_all(full):
    """Agents have aliases; reasons, details and summaries are for people."""
    request = full("harmless")
    request.card.task = request.card.description = "task"
    for item in (*request.card.features, *request.card.milestones):
        item.description = "described"
    for feature in request.card.features:
        feature.unit = "unit"
    request.card.action_space.names[:] = ["act"] * 6
    rendered = render(request, estimate, Room(evidence_tokens=2000))
    assert "harmless" not in "".join(contents(rendered)) + json.dumps(rendered.schema)


def test_the_evidence_keeps_its_limit(full):
    """What may be cited is what is shown."""
    for most in (200, 300, 600, 5000):
        rendered = render(full(), len, Room(evidence_tokens=most))
        _, user = contents(rendered)
        evidence = user.split("# Evidence of this stage\n")[1].split("\n\n# What follows")[0]
        assert len(evidence) <= most
        paths = rendered.schema["properties"]["findings"]["items"]["properties"]["citations"]["items"]["enum"]
        assert all(path.split(".")[0] in evidence for path in paths)
        assert ("milestones.met_at_food.reached" in paths) == ("met_at_food" in evidence)


def test_only_the_last_trials_are_shown(full):
    """A long campaign does not fill the prompt."""
    request = full()
    for _ in range(100):
        request.trials.append(request.trials[0])
    _, user = contents(render(request, estimate, Room(evidence_tokens=2000)))
    assert user.count("minus control's") == MOST_TRIALS
    assert "90 earlier trials are left out." in user


def test_the_system_message_names_every_field_of_the_answer(full):
    """What the schema asks for, the prompt explains."""
    rendered = render(full(), estimate, Room(evidence_tokens=2000))
    system, _ = contents(rendered)
    answer = system.split("# Your answer")[1]
    for name in rendered.schema["properties"]["findings"]["items"]["properties"]:
        assert re.search(rf"\b{name}\b", answer), name
    assert set(pb.Finding.DESCRIPTOR.fields_by_name) == set(
        rendered.schema["properties"]["findings"]["items"]["properties"]
    )


def test_the_fixed_part_of_the_prompt_is_short(full):
    """Small models have short contexts: the system message stays below some 4,000 tokens."""
    system, _ = contents(render(full(), estimate, Room(evidence_tokens=2000)))
    assert len(system) < 14_000


@pytest.mark.parametrize("name", [f"texts/{name}" for name in SHARED] + ["prompts/system", "prompts/question"])
def test_a_change_of_any_prompt_file_changes_the_hash(tmp_path, name):
    """The hash in a record tells by which prompt it was made."""
    shutil.copytree(prompts.TEXTS, tmp_path / "texts")
    shutil.copytree(PROMPTS, tmp_path / "prompts")

    def of_copies():
        return prompts.prompt_sha256(*(tmp_path / "texts" / f"{text}.md" for text in SHARED), tmp_path / "prompts")

    assert of_copies() == sha256()
    path = tmp_path / f"{name}.md"
    path.write_text(path.read_text().replace("the", "teh", 1))
    assert of_copies() != sha256()
