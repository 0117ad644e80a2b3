"""`also judge-llm`, with real services; the LLM is a server that answers with nonsense of the right form."""

import json

import pytest

from also.document import read
from also.v1.situation_pb2 import Judgements
from tools.faulty_llm.response import CACHED_TOKENS, MODEL
from tools.faulty_llm.server import serving

pytestmark = pytest.mark.slow

TWO = ("--only", "exploration-19x19", "--only", "nothing-wrong-rising-6x6")
"""One situation that asks for a change, and one that does not."""

FINDING = {
    "citations": ["returns.mean"],
    "summary": "Nobody comes near.",
    "mode": "exploration",
    **dict.fromkeys(("milestone", "feature", "agent", "term"), ""),
    "remedy": "explore",
    "severity": 90,
    "confidence": 50,
}
"""What a model says that has looked."""


def schema_of(asked):
    """Properties of the reply that a request asks for."""
    return asked["response_format"]["json_schema"]["schema"]["properties"]


@pytest.fixture
def judgements(also):
    """Runs the command; gives the judgements by backend."""

    def run(*arguments):
        code, out, _ = also("judge-llm", "--json", *arguments)
        assert code == 0
        return {each.backend: each for each in read(Judgements, json.loads(out)).judgements}

    return run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--url", "ftp://host/v1"], "llm.url 'ftp://host/v1' does not match"),
        (["--url", "http://127.0.0.1:9/v1", "--set", "heat=1"], "unknown key 'llm.heat'"),
        (["--url", "http://127.0.0.1:9/v1", "--set", "temperature=9"], "llm.temperature 9.0 is outside [0, 2]"),
        (["--url", "http://127.0.0.1:9/v1", "--set", "temperature"], "key=value is expected, e.g. temperature=0.2"),
        (["--url", "http://127.0.0.1:9/v1", "--sampling", "best"], "--sampling 'best' is not allowed"),
        (["--model", "large"], "they go with --url only"),
        (["--samples", "2"], "they go with --url only"),
        (["--mind", "critic"], "they go with --url only"),
        (["--url", "http://127.0.0.1:9/v1", "--mind", "judge"], "--mind 'judge' is not allowed; allowed: critic, gen"),
        (["--baseline", "oracle"], "--baseline 'oracle' is not allowed; allowed: rules, random, perfect, contrary"),
        (["--candidates", "17"], "Invalid value for '--candidates'"),
        (["--only", "none"], "situation 'none' is not recorded; recorded are: exploration-19x19"),
        (["--keep", "."], "is not empty"),
        (["-o", "."], "report . cannot be written: it is a folder"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(also, tmp_path, arguments, message):
    """Before any service is started."""
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    code, out, said = also("judge-llm", *arguments)
    assert code == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert message in said
    assert out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_endpoint_that_nobody_serves_is_one_line(also, tmp_path):
    """Nothing is asked, and no store is left behind."""
    code, out, said = also("judge-llm", "--url", "http://127.0.0.1:9/v1", "--keep", "kept", *TWO)
    assert code == 2
    assert "http://127.0.0.1:9/v1 cannot be used" in said
    assert said.count("\n") == 1
    assert out == ""
    assert not (tmp_path / "kept").exists()


def test_without_an_endpoint_the_embedded_backends_are_judged(also, tmp_path):
    """The table on standard output, and a report as Markdown."""
    code, out, said = also("judge-llm", *TWO, "-o", "reports/judged.md")
    assert code == 0
    assert [line.partition(" ")[0] for line in said.splitlines()] == ["[1/4]", "[2/4]", "[3/4]", "[4/4]"]
    assert "rules on exploration-19x19: = Exploration, " in said
    assert "2 recorded situations with 2 kinds of planted failure" in out
    report = (tmp_path / "reports/judged.md").read_text(encoding="utf-8")
    assert "| measure | rules | random |" in report
    assert "| first finding is the planted failure | 100% [34%, 100%] | – |" in report
    assert "| Exploration | 1 | 100% 100% 100% / " in report
    assert "| nothing-wrong-rising-6x6 | None | = None |" in report
    assert "One food on a field of 19x19 cells" in report


def test_every_candidate_gets_the_screens_verdict(judgements):
    """The validator's own, on the recorded checkpoint; a diagnosis that asks for no change ends the stage."""
    judged = judgements(*TWO)
    exploration, rising = judged["rules"].answers
    assert len(exploration.verdicts) == len(exploration.candidates) == 4
    assert all(verdict.terms for verdict in exploration.verdicts)
    assert not rising.proposal_asked
    assert not rising.candidates
    assert [answer.proposal_asked for answer in judged["random"].answers] == [True, False]


def test_candidates_for_a_task_that_is_not_here_are_not_screened(judgements):
    """The repository's example is no part of the package; minds are judged by it all the same."""
    answer = judgements("--only", "coordination-landmarks")["rules"].answers[0]
    assert answer.candidates
    assert not answer.verdicts


def test_an_llm_is_judged_beside_the_others(also, judgements, tmp_path):
    """Its answers, its cost and its model; prompts and raw replies are kept where they were asked for."""
    with serving() as server:
        server.says = lambda asked: json.dumps({"findings": [FINDING]}) if "findings" in schema_of(asked) else None
        judged = judgements("--url", server.url, "--set", "temperature=0.2", "--parallel", "2", "--keep", "kept", *TWO)
        asked = len(server.requests)
    one = judged["llm"]
    assert list(judged) == ["llm", "rules", "random"]
    assert one.model == MODEL
    assert (one.critic.asked, one.critic.answered, one.critic.valid) == (2, 2, 1)
    assert one.critic.cached_tokens == CACHED_TOKENS
    assert one.critic.prompt_tokens > 0
    assert one.generator.completion_tokens > 0
    assert asked > one.critic.asked + one.generator.asked  # the endpoint is tried first
    assert [answer.diagnosis.backend for answer in one.answers] == ["llm", "llm"]
    assert len(list((tmp_path / "kept").rglob("exchanges/*/reply-0.json"))) >= 2


def test_what_a_model_says_against_the_evidence_is_no_answer_of_it(judgements):
    """The rules do not stand in for it in the table."""
    nothing = dict.fromkeys(("milestone", "feature", "agent", "term"), "")
    told = {"citations": ["returns.mean"], "summary": "All is well.", "severity": 10, "confidence": 90}
    contrary = {"findings": [told | nothing | {"mode": "none", "remedy": "keep"}]}
    with serving() as server:
        server.says = lambda asked: json.dumps(contrary) if "findings" in schema_of(asked) else None
        one = judgements("--url", server.url, "--only", "exploration-19x19")["llm"]
    assert (one.critic.asked, one.critic.answered) == (1, 0)
    assert one.agreement.planted_first == 0


def test_what_an_llm_does_not_answer_is_counted(judgements):
    """No reply of it can be used; the generator hears the rules' diagnosis, and is asked all the same."""
    with serving() as server:
        server.fault_of = lambda call: "refusal" if call >= 2 else ""  # the first two only try the endpoint
        one = judgements("--url", server.url, "--only", "exploration-19x19")["llm"]
    answer = one.answers[0]
    assert (one.critic.answered, one.critic.valid_at_first, one.critic.valid) == (0, 0, 0)
    assert (one.agreement.planted_first, one.agreement.planted_anywhere) == (0, 0)
    assert not answer.HasField("diagnosis")
    assert answer.proposal_asked
    assert one.candidates.given == 0
    assert not one.candidates.HasField("passed")
    assert answer.diagnosis_llm.calls == 2  # the question, and its one repair


def test_scripts_bound_the_scale(judgements):
    """What was planted can be said, and what is contrary to it is refused or wrong, over the same protocol."""
    judged = judgements(
        *("--only", "exploration-19x19", "--only", "dead-term-closed-gate", "--only", "partial-success-5f"),
        *("--baseline", "perfect", "--baseline", "contrary"),
    )
    perfect, contrary = judged["perfect"], judged["contrary"]
    assert (perfect.agreement.planted_first, perfect.agreement.remedy, perfect.agreement.place) == (1, 1, 1)
    assert (contrary.agreement.accepted_first, contrary.agreement.remedy, contrary.agreement.place) == (0, 0, 0)
    assert perfect.candidates.given == 12
    assert contrary.candidates.given <= 1  # what leads a list in another form than a potential has no wrong way
    assert perfect.candidates.fitting == 1


def test_one_mind_alone_is_asked_for_several_samples(judgements, tmp_path):
    """The generator hears the rules' diagnosis; each sample is a question of its own."""
    with serving() as server:
        one = judgements(
            *("--url", server.url, "--mind", "generator", "--samples", "3", "--keep", "kept"),
            *("--only", "exploration-19x19", "--baseline", "random"),
        )["llm"]
        seeds = {asked["seed"] for asked in server.requests if "candidates" in schema_of(asked)}
    assert not one.HasField("critic")
    assert one.generator.asked == 3
    assert [answer.sample for answer in one.answers] == [0, 1, 2]
    assert len(seeds) >= 3
    assert len(list((tmp_path / "kept/campaigns").glob("far-food*/exchanges/*"))) == 3


def test_what_is_kept_is_not_asked_again(judgements):
    """The same command goes on where the one before it ended, with the same answers, costs and times."""
    with serving() as server:
        server.says = lambda asked: json.dumps({"findings": [FINDING]}) if "findings" in schema_of(asked) else None
        command = ("--url", server.url, "--keep", "kept", "--baseline", "random")
        judgements(*command, "--only", "exploration-19x19")
        first = len(server.requests)
        one = judgements(*command, "--only", "exploration-19x19", "--only", "exploration-17x17")["llm"]
        further = server.requests[first:]
    assert len(further) == 4  # critic and generator are tried, and asked about the new situation
    assert [answer.diagnosis_llm.calls for answer in one.answers] == [1, 1]
    assert all(answer.diagnosis_seconds == answer.diagnosis_llm.seconds != 0 for answer in one.answers)
