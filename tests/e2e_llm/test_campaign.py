"""A whole campaign through each real LLM server; vLLM's is watched by a real Prometheus.

The minds run as services of their own, as on a cluster, so that Prometheus can scrape them; the command
finds them by their addresses. The model's content is noise: what is shown is that replies keep to the
grammar, that every candidate is valid, and that the campaign ends well by measurement alone. With a model that is named
(`make e2e-llm MODEL=FILE.gguf`) the same holds: nothing that the evidence denies reaches a decision.
"""

import json
import math
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from also import keys, lifeline, rpc
from also.campaign.fold import event_of, fold
from also.campaign.journal import Journal
from also.campaign.replay import differences
from also.shaping.rules import check_config
from also.store import open_store
from also.v1.journal_pb2 import Diagnosed, Held, HoldReason, JournalRecord, Proposed
from also.v1.llm_pb2 import LlmPrompt, LlmReply
from tools import loopback
from tools.dashboards import expressions
from tools.dashboards.prometheus import Prometheus
from tools.denied import denied
from tools.loopback import free_ports

NAMED = bool(os.environ.get("ALSO_E2E_MODEL"))
"""Whether a model with weights answers, which takes its time on a CPU."""

RUN_SECONDS = 12 * 3600 if NAMED else 1200

pytestmark = pytest.mark.timeout(RUN_SECONDS + 300)

DASHBOARD = expressions.DASHBOARDS / "services-and-llm.json"

CAMPAIGN = """
task: {name: foraging, layout: 5x5-2p-1f-coop}
seed: 3
learner: {environments: 8, rollout: 10, hidden: 8, layers: 1, epochs: 1, minibatches: 1}
evaluation: {episodes: 8, report_episodes: 8, branch_points: 1}
stages: {count: 3, env_steps: 400, patience: 0}
generator: {candidates: 3}
validation:
  {proof: confirmed, share: 1, rounds: 2, search_seeds: 1, search_env_steps: 80, confirm_env_steps: 80,
   parallel_groups: 1, minimum_gain: 0}
"""

SCRAPED = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: also
    static_configs: [{{targets: [{minds}]}}]
  - job_name: vllm
    static_configs: [{{targets: ["{vllm}"]}}]
"""

FAULTLESS = (HoldReason.HOLD_REASON_NOTHING_TO_CHANGE, HoldReason.HOLD_REASON_NOTHING_PROMOTED)
"""How a stage may hold when every answer came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A campaign that ran to its end."""

    folder: Path
    records: list[JournalRecord]
    model: str
    prometheus: str
    """Its URL; empty where none watched."""


@pytest.fixture(scope="module")
def prometheus_binary():
    """A real Prometheus."""
    named = os.environ.get("ALSO_E2E_PROMETHEUS", "")
    if not named:
        pytest.skip("ALSO_E2E_PROMETHEUS names no Prometheus: `make e2e-llm` finds one and runs these tests")
    return named


def start_mind(stack, name, folder, port):
    """Start a mind with metrics, and give its address."""
    process = lifeline.spawn(
        f"also.services.{name}",
        ["--address", "127.0.0.1:0", "--metrics-port", str(port)],
        log=folder / "logs" / f"{name}.log",
        stdout=subprocess.PIPE,
        environment={"ALSO_STORE": str(folder / "store")},
    )
    stack.callback(lifeline.end, [process])
    stack.enter_context(process.stdout)
    word, address = process.stdout.readline().decode().split()
    assert word == rpc.READY
    return address


@pytest.fixture(scope="module", params=["vllm", "llama.cpp"])
def ran(request, tmp_path_factory):
    """The campaign, run by the command a person types; Prometheus goes on until the tests are done.

    llama.cpp's server has fewer slots than candidates are asked for, so that they come one by one.
    """
    folder, watched = tmp_path_factory.mktemp("campaign"), request.param == "vllm"
    server = request.getfixturevalue("llm_server" if watched else "llama_cpp_server")
    asked = [] if watched else ["--set=generator.sampling=choices"]
    (folder / "tiny.yaml").write_text(CAMPAIGN, encoding="utf-8")
    critic_port, generator_port = free_ports(2)
    with ExitStack() as stack:
        addresses = {
            "ALSO_CRITIC": start_mind(stack, "critic", folder, critic_port),
            "ALSO_GENERATOR": start_mind(stack, "generator", folder, generator_port),
        }
        prometheus = ""
        if watched:
            scraped = SCRAPED.format(
                minds=f'"127.0.0.1:{critic_port}", "127.0.0.1:{generator_port}"',
                vllm=server.root.removeprefix("http://"),
            )
            binary = request.getfixturevalue("prometheus_binary")
            prometheus = stack.enter_context(loopback.prometheus(binary, scraped, folder))
        llm = [
            f"--set={mind}.llm={{url: '{server.url}', max_tokens: 3000, tries: 10, seconds: {1800 if NAMED else 180}}}"
            for mind in ("critic", "generator")
        ]
        subprocess.run(
            [sys.executable, "-m", "also", "run", str(folder / "tiny.yaml"), "--json", *llm, *asked],
            env=os.environ | addresses | {"ALSO_STORE": str(folder / "store"), "ALSO_LOGS": str(folder / "logs")},
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=RUN_SECONDS,
        )
        records = Journal(open_store(str(folder / "store"), create=False), "tiny").records
        yield Ran(folder=folder, records=records, model=server.model, prometheus=prometheus)


def answers(ran):
    """Diagnoses and proposals of the campaign."""
    return [event for record in ran.records if isinstance(event := event_of(record), Diagnosed | Proposed)]


def test_the_campaign_ends_well(ran):
    """Every stage was promoted or held by measurement, and every decision can be derived again."""
    state = fold(ran.records)
    assert state.finished is not None
    holds = [event.reason for record in ran.records if isinstance(event := event_of(record), Held)]
    assert set(holds) <= set(FAULTLESS), holds
    assert list(differences(ran.records)) == []


def test_every_answer_is_the_servers(ran):
    """Each diagnosis and each list of candidates names the model, and the server's own count of tokens."""
    assert len(answers(ran)) >= 3
    for answer in answers(ran):
        assert answer.llm.model == ran.model
        assert answer.llm.prompt_tokens > 500
        assert answer.llm.completion_tokens > 0


def test_nothing_that_the_evidence_denies_reaches_a_decision(ran):
    """The share of contradictory diagnoses in the journal is 0, whatever the model said."""
    assert denied(ran.records, "tiny") == []


def test_every_candidate_is_valid(ran):
    """The grammar and the rules of shaping agree."""
    card = fold(ran.records).card
    proposals = [answer for answer in answers(ran) if isinstance(answer, Proposed)]
    assert any(proposal.candidates for proposal in proposals)
    for proposal in proposals:
        for candidate in proposal.candidates:
            check_config(candidate.config, card, 0.99)


def test_prompts_were_counted_by_the_models_tokenizer(ran):
    """Every stored prompt has the server's count, and its evidence keeps its limit by that count."""
    store = open_store(str(ran.folder / "store"), create=False)
    for answer in answers(ran):
        prompt = store.get_message(keys.llm_prompt("tiny", answer.llm.exchange), LlmPrompt)
        first = store.get_message(keys.llm_reply("tiny", answer.llm.exchange, 0), LlmReply)
        assert prompt.counted
        assert prompt.tokens == pytest.approx(json.loads(first.body)["usage"]["prompt_tokens"], rel=0.02)


def test_raw_replies_are_what_the_server_sent(ran):
    """Whole chat completions, each with its usage."""
    store = open_store(str(ran.folder / "store"), create=False)
    for answer in answers(ran):
        reply = store.get_message(keys.llm_reply("tiny", answer.llm.exchange, 0), LlmReply)
        assert json.loads(reply.body)["usage"]["prompt_tokens"] > 0


def test_the_minds_give_every_answer_again_without_the_server(ran):
    """`also replay --minds` derives decisions, verdicts, diagnoses and candidates."""
    done = subprocess.run(
        [sys.executable, "-m", "also", "replay", "tiny", "--minds", "--store", str(ran.folder / "store")],
        capture_output=True,
        text=True,
        check=True,
        cwd=ran.folder,
        timeout=600,
    )
    assert f"agrees: {len(answers(ran))} answers" in done.stdout


@pytest.mark.parametrize(
    "expression",
    [each for each in expressions.of_dashboard(DASHBOARD) if not each.label],  # the conductor is not scraped
    ids=lambda each: re.sub(r"\W+", "-", each.place),
)
@pytest.mark.parametrize("ran", ["vllm"], indirect=True)
def test_every_panel_of_the_dashboard_has_data(ran, expression):
    """Prometheus answers with at least one finite sample, from the minds and from vLLM itself."""
    with Prometheus(ran.prometheus) as prometheus:
        found = prometheus.at(expressions.filled(expression.text, campaign="tiny", step=75), prometheus.now())
    assert any(math.isfinite(value) for series in found for value in series.values)
