"""What faulty replies of an LLM do to the minds: every kind of fault, over real HTTP, from real situations.

    python -m benchmarks.llm_faults [--questions 60] [--output benchmarks/llm_faults.md]

Both minds are asked about recorded situations; the server's replies follow their schema and are damaged in
one way. Every second question is damaged at its first call only, so that repetition and repair can mend it.
A *crash* is any exception but those that a service turns into a status; an *invalid answer* is one that
breaks a limit, names what is not there, cites a number that the evidence does not have, or proposes a config
that the rules refuse or that was tried already. Both must be 0, and no question may take more calls than its tries.
"""

import argparse
import platform
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from also import enums, limits
from also.campaign import requests
from also.errors import AlsoError
from also.judging.moments import before_diagnosis, before_proposal
from also.judging.recorded import Recorded, situations
from also.llm.asker import Asker
from also.services.critic import rules
from also.services.critic.citations import value_at
from also.services.critic.service import diagnose
from also.services.generator.proposal import tried_under
from also.services.generator.service import propose
from also.settings import Settings
from also.shaping.identity import config_hash
from also.shaping.rules import check_config
from also.v1.campaign_pb2 import CriticBackend, CriticSettings, GeneratorBackend, GeneratorSettings, Sampling
from also.v1.critic_pb2 import DiagnoseRequest, DiagnoseResponse
from also.v1.generator_pb2 import ProposeRequest, ProposeResponse
from also.v1.llm_pb2 import LlmAllowance, LlmEndpoint, LlmFailureReason, LlmUse
from benchmarks.machine import machine
from tools.faulty_llm.faults import FAULTS
from tools.faulty_llm.server import FaultyLlm, serving

TRIES = 3
"""Calls for a reply at most."""

CANDIDATES = 3
"""Candidates that the generator is asked for."""

MOST_CALLS = 1 + CANDIDATES
"""Calls of a question at most: a server that refuses several choices at once is asked for each of them."""

SLOW = ("slow_drip", "hang", "gigantic_body")
"""Kinds that take a deadline each, or much memory: a third of the questions."""

COLUMNS = (
    "fault",
    "faulty replies",
    "questions",
    "answered",
    "after repair",
    "unavailable",
    "reply invalid",
    "most calls",
    "crashes",
    "invalid accepted",
)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the questions of one kind."""

    faulty: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    most_calls: int = 0

    def row(self, kind: str) -> str:
        """A line of the table."""
        outcomes = [self.outcomes[name] for name in ("answered", "repaired", "Unavailable", "ReplyInvalid")]
        cells = [kind, self.faulty, sum(self.outcomes.values()), *outcomes, self.most_calls]
        return f"| {' | '.join(map(str, cells))} | {len(self.crashes)} | {len(self.invalid)} |"


def main() -> int:
    """Ask, count, print, and write the table; 1 when something crashed or an invalid answer was accepted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=60, help="questions of each kind of fault")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the table")
    arguments = parser.parse_args()
    lines = [
        "# Faulty replies",
        "",
        f"`python -m benchmarks.llm_faults --questions {arguments.questions}`: questions of each kind of fault,",
        f"a third of them for {', '.join(SLOW)}; critic and generator in turn; at most {TRIES} calls each,",
        f"{MOST_CALLS} where choices are refused.",
        "",
        f"{machine()}, Python {platform.python_version()}.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    tallies = []
    with serving() as server:
        for kind in FAULTS:
            tally = measure(server, kind, arguments.questions // (3 if kind in SLOW else 1))
            tallies.append(tally)
            lines.append(tally.row(kind))
            print(lines[-1], flush=True)
            for wrong in [*tally.crashes, *tally.invalid]:
                print(f"    {wrong}")
    total = Tally(
        faulty=sum(each.faulty for each in tallies),
        outcomes=sum((each.outcomes for each in tallies), Counter()),
        crashes=[text for each in tallies for text in each.crashes],
        invalid=[text for each in tallies for text in each.invalid],
        most_calls=max(each.most_calls for each in tallies),
    )
    lines.append(total.row(f"**{len(tallies)} kinds**"))
    print(lines[-1])
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if total.crashes or total.invalid or total.most_calls > MOST_CALLS else 0


def measure(server: FaultyLlm, kind: str, questions: int) -> Tally:
    """Ask questions whose replies have one kind of fault: all of them, or the first one only."""
    tally = Tally()
    asked = ask_all(server, questions, kind)
    with tempfile.TemporaryDirectory(prefix="also-faults-") as folder:
        for number, request in enumerate(asked):
            first, once = len(server.requests), number % 2 == 1
            server.fault_of = lambda call, first=first, once=once: "" if once and call > first else kind  # type: ignore[misc]
            asker = Asker(Settings(store=folder), first_pause_seconds=0.0)
            try:
                use = put(request, asker, tally)
            except AlsoError as error:
                tally.crashes.append(f"{kind}: {type(error).__name__}: {error}")
                continue
            except Exception as error:
                tally.crashes.append(f"{kind}: {type(error).__name__}: {error}")
                continue
            calls = len(server.requests) - first
            tally.faulty += min(calls, 1) if once else calls
            tally.most_calls = max(tally.most_calls, calls, use.calls)
            server.requests.clear()
    return tally


def put(request: DiagnoseRequest | ProposeRequest, asker: Asker, tally: Tally) -> LlmUse:
    """Ask one question, and count what came of it."""
    response: DiagnoseResponse | ProposeResponse
    if isinstance(request, DiagnoseRequest):
        response = diagnose(request, asker)
        wrong = wrong_diagnosis(request, response)
    else:
        response = propose(request, asker)
        wrong = wrong_candidates(request, response)
    tally.invalid += wrong
    if response.HasField("failure"):
        tally.outcomes[enums.camel(LlmFailureReason, response.failure.reason)] += 1
    else:
        tally.outcomes["repaired" if response.llm.repaired else "answered"] += 1
    return response.llm


def ask_all(server: FaultyLlm, questions: int, kind: str) -> Iterator[DiagnoseRequest | ProposeRequest]:
    """Requests of both minds about the recorded situations, in turn; no two are equal."""
    short = 0.4 if kind in ("slow_drip", "hang") else 10.0
    llm = LlmEndpoint(url=server.url, tries=TRIES, seconds=short)
    limits.fill_defaults(llm)
    recorded = situations()
    for number in range(questions):
        name, each = f"{kind.replace('_', '-')}-{number}", recorded[number // 2 % len(recorded)]
        yield question(each, name, llm, critic=number % 2 == 0, choices=number % 4 == 3)


def question(
    recorded: Recorded, campaign_id: str, llm: LlmEndpoint, *, critic: bool, choices: bool
) -> DiagnoseRequest | ProposeRequest:
    """What a mind is asked at a recorded moment.

    Args:
        recorded: the moment.
        campaign_id: id of the campaign that asks.
        llm: the LLM.
        critic: the critic, else the generator.
        choices: whether candidates are asked for as choices.
    """
    minds = (
        CriticSettings(backend=CriticBackend.CRITIC_BACKEND_LLM, llm=llm),
        GeneratorSettings(
            backend=GeneratorBackend.GENERATOR_BACKEND_LLM,
            llm=llm,
            candidates=CANDIDATES,
            sampling=Sampling.SAMPLING_CHOICES if choices else Sampling.SAMPLING_LIST,
        ),
    )
    allowance = LlmAllowance(calls=100, tokens=10**9)
    if critic:
        state = before_diagnosis(recorded, *minds)
        asked = requests.diagnose(campaign_id, state, state.stage_under_way)
        asked.allowance.CopyFrom(allowance)
        return asked
    asking = before_diagnosis(recorded, *minds)
    diagnosis = rules.diagnose(requests.diagnose(campaign_id, asking, asking.stage_under_way))
    state = before_proposal(recorded, diagnosis, *minds)
    proposal = requests.propose(campaign_id, state, state.stage_under_way)
    proposal.allowance.CopyFrom(allowance)
    return proposal


def wrong_diagnosis(request: DiagnoseRequest, response: DiagnoseResponse) -> list[str]:
    """What is wrong with an accepted diagnosis."""
    if response.HasField("failure"):
        return []
    card, evidence = request.card, request.evidence[-1]
    known = {
        "milestone": [milestone.name for milestone in card.milestones],
        "feature": [feature.name for feature in card.features],
        "agent": list(card.agents),
        "term": [term.name for term in request.incumbent.terms],
    }
    try:
        limits.check(response.diagnosis)
        wrong = [
            f"{kind} {getattr(finding, kind)!r} is unknown"
            for finding in response.diagnosis.findings
            for kind, names in known.items()
            if getattr(finding, kind) and getattr(finding, kind) not in names
        ]
        cited = [citation for finding in response.diagnosis.findings for citation in finding.citations]
        wrong += [f"{each.item} is not {each.value}" for each in cited if value_at(evidence, each.item) != each.value]
    except AlsoError as error:
        wrong = [str(error)]
    return wrong


def wrong_candidates(request: ProposeRequest, response: ProposeResponse) -> list[str]:
    """What is wrong with accepted candidates."""
    tried = [trial.candidate.config_hash for trial in tried_under(request)]
    wrong = []
    for candidate in response.candidates:
        try:
            limits.check(candidate)
            check_config(candidate.config, request.card, request.gamma)
        except AlsoError as error:
            wrong.append(str(error))
        if candidate.config_hash != config_hash(candidate.config) or candidate.config_hash in tried:
            wrong.append(f"candidate {candidate.name} has another hash, or was tried before")
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
