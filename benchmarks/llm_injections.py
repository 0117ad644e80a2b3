"""Injected texts in everything that a user's task can supply: do they move an answer, a secret or a decision?

    python -m benchmarks.llm_injections [--output benchmarks/llm_injections.md]

Every string of `tests/cards/injections.txt` is put into every text of a task's card in turn, and both minds are
asked, over real HTTP, about recorded situations. The server's replies follow from the schema alone, so an
answer can differ from that of the clean card only if a text has got into the schema, or has changed how a
reply is read. An *escape* is an injected string that stands in a prompt unquoted; a *leak* is the API key in
a prompt or a stored object; a *moved decision* is a verdict on recorded branches that changes with the card.
All must be 0. What a credulous model would make of such texts is another question: its replies are those of
`benchmarks.llm_faults`, kind `injection`.
"""

import argparse
import copy
import platform
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from google.protobuf.message import Message

from also.campaign.fold import event_of, fold
from also.judging.recorded import Recorded, journal, situations
from also.limits import filled
from also.llm.asker import Asker
from also.services.critic.service import diagnose
from also.services.generator.service import propose
from also.settings import Settings
from also.shaping.identity import config_hash
from also.v1.critic_pb2 import DiagnoseRequest
from also.v1.diagnosis_pb2 import Diagnosis
from also.v1.generator_pb2 import ProposeRequest
from also.v1.journal_pb2 import Validated
from also.v1.llm_pb2 import LlmEndpoint
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import Candidate
from also.validation.judge import rejudge
from benchmarks.llm_faults import question
from benchmarks.machine import machine
from tools.faulty_llm.server import FaultyLlm, serving

STRINGS = Path(__file__).parents[1] / "tests/cards/injections.txt"
KEY = "canary-1105"

Request = DiagnoseRequest | ProposeRequest
Asked = Diagnosis | list[Candidate]


def _task(card: TaskCard, text: str) -> None:
    card.task = text[:300] or "x"


def _description(card: TaskCard, text: str) -> None:
    card.description = text[:2000]


def _units(card: TaskCard, text: str) -> None:
    for feature in card.features:
        feature.unit = text[:24]


def _features(card: TaskCard, text: str) -> None:
    for feature in card.features:
        feature.description = text[:200]


def _milestones(card: TaskCard, text: str) -> None:
    for milestone in card.milestones:
        milestone.description = text[:200]


def _actions(card: TaskCard, text: str) -> None:
    card.action_space.names[:] = [text for _ in range(card.action_space.size)]


def _agents(card: TaskCard, text: str) -> None:
    card.agents[:] = [f"{index}{text}"[:48] for index in range(len(card.agents))]


PLACES: dict[str, Callable[[TaskCard, str], None]] = {
    "task name": _task,
    "task description": _description,
    "units": _units,
    "descriptions of features": _features,
    "descriptions of milestones": _milestones,
    "names of actions": _actions,
    "names of agents": _agents,
}
"""Every text of a card, by what it is."""


def main() -> int:
    """Ask, compare, print, and write the table; 1 when anything moved."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the table")
    arguments = parser.parse_args()
    strings = [line.encode().decode("unicode_escape") for line in STRINGS.read_text(encoding="utf-8").splitlines()]
    lines = [
        "# Injected texts",
        "",
        f"`python -m benchmarks.llm_injections`: {len(strings)} strings in each place, both minds.",
        "",
        f"{machine()}, Python {platform.python_version()}.",
        "",
        "| place | questions | answers that differ | escapes | leaks |",
        "|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    bad = 0
    with serving() as server:
        server.by_schema = True
        for place, put in PLACES.items():
            asked, differ, escapes, leaks = measure(server, put, strings)
            bad += differ + escapes + leaks
            lines.append(f"| {place} | {asked} | {differ} | {escapes} | {leaks} |")
            print(lines[-1], flush=True)
    judged, moved = decisions(strings)
    lines += ["", f"Verdicts derived again under injected cards: {judged}; moved decisions: {moved}."]
    print("\n".join(lines[-2:]))
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if bad + moved else 0


def measure(server: FaultyLlm, put: Callable[[TaskCard, str], None], strings: list[str]) -> tuple[int, int, int, int]:
    """Questions, answers that differ from those about the clean card, escapes and leaks."""
    asked = differ = escapes = leaks = 0
    recorded = [each for each in situations() if each.situation.round == 0]
    with tempfile.TemporaryDirectory(prefix="also-injections-") as folder:
        for number, text in enumerate(strings):
            for request in requests_about(recorded[number % len(recorded)], server.url, f"injected-{number}"):
                clean = answer(request, folder)
                injected = copy.deepcopy(request)
                put(injected.card, text)
                rename_agents(injected, list(request.card.agents))
                server.requests.clear()
                found = answer(injected, folder)
                asked += 1
                differ += with_agents_of(request, injected, found) != clean
                prompts = [message["content"] for each in server.requests for message in each["messages"]]
                escapes += any(stands_free(text, prompt) for prompt in prompts)
                leaks += any(KEY in prompt for prompt in prompts)
        leaks += sum(KEY.encode() in path.read_bytes() for path in Path(folder).rglob("*.json"))
    return asked, differ, escapes, leaks


def requests_about(recorded: Recorded, url: str, campaign_id: str) -> Iterator[Request]:
    """What both minds are asked at a recorded moment."""
    llm = filled(LlmEndpoint(url=url, tries=2, seconds=20))
    yield question(recorded, campaign_id, llm, critic=True, choices=False)
    yield question(recorded, campaign_id, llm, critic=False, choices=False)


def answer(request: Request, store: str) -> Asked:
    """What a mind says; an empty answer where it has none."""
    asker = Asker(Settings(store=store, llm_api_key=KEY), first_pause_seconds=0.0)
    if isinstance(request, DiagnoseRequest):
        return diagnose(request, asker).diagnosis
    candidates = list(propose(request, asker).candidates)
    for candidate in candidates:
        candidate.origin.ClearField("exchange")
    return candidates


def rename_agents(request: Request, before: list[str]) -> None:
    """Agents of evidence, diagnoses and terms under the names that the card has now."""
    names = dict(zip(before, request.card.agents, strict=True))
    evidence = list(request.evidence) if isinstance(request, DiagnoseRequest) else [request.evidence]
    for each in evidence:
        for agent in each.agents:
            agent.agent = names[agent.agent]
    rename_names(request, names)


def with_agents_of(clean: Request, injected: Request, found: Asked) -> Asked:
    """An answer under the clean card's names of agents."""
    names = dict(zip(injected.card.agents, clean.card.agents, strict=True))
    for message in found if isinstance(found, list) else [found]:
        rename_names(message, names)
        if isinstance(message, Candidate):
            message.config_hash = config_hash(message.config)  # a role's name is part of it
    return found


def rename_names(message: Message, names: dict[str, str]) -> None:
    """Rename the agents of findings, their citations, and roles of terms, at all depths, in place."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            if field.name in ("card", "evidence") or field.message_type.GetOptions().map_entry:
                continue
            for child in value if field.is_repeated else [value]:
                rename_names(child, names)
        elif field.name in ("agent", "role") and value in names:
            setattr(message, field.name, names[value])
        elif field.name == "item" and isinstance(value, str) and value.startswith("agents."):
            agent, _, leaf = value.removeprefix("agents.").rpartition(".")
            setattr(message, field.name, f"agents.{names.get(agent, agent)}.{leaf}")


def stands_free(text: str, prompt: str) -> bool:
    """Whether a text stands in a prompt outside of quoted strings, or with characters that quoting escapes."""
    core = " ".join(text.split())
    if len(core) < 8:
        return False
    unquoted = re.sub(r'"[^"\n]*"', '""', prompt)
    unsafe = re.search(r"[^A-Za-z0-9 .,;:()'+=%/_-]", core) is not None
    return core in unquoted or (unsafe and core in prompt)


def decisions(strings: list[str]) -> tuple[int, int]:
    """Recorded rounds judged again under injected cards, and how many verdicts moved."""
    judged = moved = 0
    for campaign_id in sorted({each.campaign_id for each in situations()}):
        records = journal(campaign_id)
        for index, record in enumerate(records):
            event = event_of(record)
            if not isinstance(event, Validated):
                continue
            state = fold(records[:index])
            assert state.open_stage is not None
            for text in strings:
                card = TaskCard()
                card.CopyFrom(state.card)
                for put in PLACES.values():
                    put(card, text)
                again = rejudge(
                    event.validation,
                    campaign=state.campaign,
                    card=card,
                    incumbent=state.open_stage.incumbent.config,
                    candidates=state.open_stage.rounds[-1].candidates,
                    stage_return=state.open_stage.mean_return,
                    stage_milestone_score=state.open_stage.milestone_score,
                )
                judged += 1
                moved += again != event.validation
    return judged, moved


if __name__ == "__main__":
    raise SystemExit(main())
