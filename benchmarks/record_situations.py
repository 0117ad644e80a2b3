"""Records the situations of `also judge-llm` again: real campaigns in which a failure is planted.

    python benchmarks/record_situations.py [CAMPAIGN ...]

Every campaign of `also/judging/recorded/situations.yaml` (or those that are named) is run by the conductor and the
services, one after the other, until its last situation is reached. What was planted must show in the evidence: the
signs of each situation are checked, and nothing of a campaign is written where one is missing. Else its journal goes
to `recorded/journals.tar.xz`, without times, and the checkpoints of its situations to `recorded/checkpoints.tar.xz`.
Recording again on one machine changes nothing.

A round whose candidates are planted is answered by a generator of this script's own, over gRPC as any other; what
becomes of them is the validator's word.
"""

import argparse
import io
import json
import lzma
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import grpc

from also import document, keys
from also.campaign import calls
from also.campaign.fold import fold
from also.campaign.journal import Journal
from also.campaign.processes import Services
from also.campaign.run import Conductor
from also.campaign.watch import Watch
from also.cli import describe
from also.cli.lines import event_line
from also.errors import DocumentError
from also.judging import recorded
from also.llm.asker import Asker
from also.services.critic.citations import value_at
from also.services.generator.proposal import Proposal, collect
from also.services.generator.service import propose
from also.settings import Settings
from also.shaping.rules import check_config
from also.store import Store, open_store
from also.v1.checkpoint_pb2 import CheckpointManifest
from also.v1.evidence_pb2 import Evidence
from also.v1.generator_pb2 import ProposeRequest, ProposeResponse
from also.v1.generator_pb2_grpc import GeneratorServiceServicer, add_GeneratorServiceServicer_to_server
from also.v1.journal_pb2 import CampaignStarted, JournalRecord
from also.v1.situation_pb2 import RecordedCampaign, Sign, Situation
from tools.loopback import served

FOLDER = Path(__file__).parent.parent / "also/judging/recorded"

FILTERS = ({"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 0, "lp": 2, "pb": 2},)
"""How archives are compressed: checkpoints are mostly numbers of four bytes."""


class Enough(Exception):
    """The last situation of a campaign is reached."""


class Until(Watch):
    """A watch that ends a campaign when its last situation is reached."""

    def __init__(self, situation: Situation) -> None:
        """End at this situation."""
        self._situation = situation

    def record(self, record: JournalRecord) -> None:
        """Say what was decided; end after the stage's training, or after the round before the situation's."""
        if record.WhichOneof("event") in ("promoted", "held", "rolled_back"):
            print(f"        {event_line(record)}", flush=True)
        stage, round = self._situation.stage, self._situation.round
        trained = record.HasField("stage_trained") and record.stage_trained.stage == stage and round == 0
        measured = record.HasField("validated") and (record.validated.stage, record.validated.round + 1) == (
            stage,
            round,
        )
        if trained or measured:
            raise Enough

    def note(self, text: str) -> None:
        """Say it."""
        print(text, flush=True)


def main() -> None:
    """Record, and write what was recorded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaigns", nargs="*", metavar="CAMPAIGN", help="campaigns to record; left out: all of them")
    names = parser.parse_args().campaigns
    every = recorded.campaigns()
    chosen = [each for each in every if not names or each.id in names]
    if not chosen or len(chosen) < len(set(names)):
        parser.error(f"unknown campaign; there are {', '.join(each.id for each in every)}")
    began, missing = time.monotonic(), 0
    recording = Recording()
    recording.keep_only(every)
    with tempfile.TemporaryDirectory(prefix="also-recording-") as folder:
        store = open_store(f"{folder}/store")
        with (
            served(lambda server: register(Planter(every, Asker(Settings(store=store.uri))), server)) as address,
            Services(Settings(store=store.uri, generator=address), Path(folder) / "logs", print) as services,
        ):
            try:
                for each in chosen:
                    at = time.monotonic()
                    records = run(each, store, services)
                    absent = show(each, records)
                    missing += absent
                    if not absent:
                        recording.take(each, records, store)
                    print(f"{each.id}: {describe.duration(time.monotonic() - at)}", flush=True)
            finally:
                recording.write()
    print(f"{len(chosen)} campaigns in {describe.duration(time.monotonic() - began)}")
    if missing:
        parser.exit(1, f"{missing} situations do not show what was planted; their campaigns were not written\n")


class Planter(GeneratorServiceServicer):
    """The generator, but for the rounds whose candidates are planted."""

    def __init__(self, campaigns: Sequence[RecordedCampaign], asker: Asker) -> None:
        """A generator.

        Args:
            campaigns: all campaigns.
            asker: asks LLMs, of which there are none.
        """
        self._planted = {
            (each.id, round.stage, round.round): round.configs for each in campaigns for round in each.rounds
        }
        self._asker = asker

    def Propose(self, request: ProposeRequest, context: grpc.ServicerContext) -> ProposeResponse:  # noqa: N802
        """The planted candidates of a round, each as an answer to the first finding; else the generator's own."""
        configs = self._planted.get((request.campaign_id, request.stage, request.round))
        if configs is None:
            return propose(request, self._asker)
        return ProposeResponse(candidates=collect(request, [Proposal(config=each, finding=0) for each in configs]))


def register(planter: Planter, server: grpc.Server) -> None:
    """Add the generator to a server."""
    add_GeneratorServiceServicer_to_server(planter, server)


def run(campaign: RecordedCampaign, store: Store, services: Services) -> list[JournalRecord]:
    """Run a campaign until its last situation is reached; its records, without times."""
    card = calls.describe_task(services, campaign.campaign.task)
    for config in (campaign.campaign.shaping, *(each for round in campaign.rounds for each in round.configs)):
        check_config(config, card, campaign.campaign.learner.gamma)
    journal = Journal(store, campaign.id)
    journal.append(journal.draft(CampaignStarted(campaign=campaign.campaign, card=card)))
    last = campaign.situations[-1]
    try:
        Conductor(journal, fold(journal.records), services, Until(last)).conduct()
    except Enough:
        return [timeless(record) for record in journal.records]
    raise SystemExit(f"campaign {campaign.id} ended before stage {last.stage}, round {last.round}")


def timeless(record: JournalRecord) -> JournalRecord:
    """A record without the time of its writing, and without the chain of hashes that goes over such times."""
    kept = JournalRecord()
    kept.CopyFrom(record)
    kept.ClearField("written_at")
    kept.ClearField("previous_sha256")
    return kept


def show(campaign: RecordedCampaign, records: Sequence[JournalRecord]) -> int:
    """Print each situation with its signs; how many of them do not show what was planted."""
    missing = 0
    state = fold(records)
    for situation in campaign.situations:
        evidence = state.stages[situation.stage].trained.evidence
        told = [tell(sign, evidence) for sign in situation.planted.signs]
        absent = any(not sign_shows(sign, evidence) for sign in situation.planted.signs)
        missing += absent
        print(f"{'MISSING' if absent else 'shows  '} {situation.id}: {', '.join(told)}", flush=True)
    return missing


def sign_shows(sign: Sign, evidence: Evidence) -> bool:
    """Whether a number of the evidence is there, and as it should be."""
    value = found(sign, evidence)
    if value is None:
        return False
    enough = not sign.HasField("at_least") or value >= sign.at_least
    return enough and (not sign.HasField("at_most") or value <= sign.at_most)


def found(sign: Sign, evidence: Evidence) -> float | None:
    """The number that a sign is about; None where the evidence has none, as of a term that was not promoted."""
    try:
        return value_at(evidence, sign.item)
    except DocumentError:
        return None


def tell(sign: Sign, evidence: Evidence) -> str:
    """A sign with the number that it is about."""
    bounds = [f">= {sign.at_least:g}"] if sign.HasField("at_least") else []
    bounds += [f"<= {sign.at_most:g}"] if sign.HasField("at_most") else []
    value = found(sign, evidence)
    return f"{sign.item} {'–' if value is None else f'{value:.3g}'} ({' and '.join(bounds)})"


class Archive:
    """One of the recorded archives, held in memory until it is written."""

    def __init__(self, path: Path) -> None:
        """Read what is there.

        Args:
            path: its file; it need not exist.
        """
        self._path = path
        self._files = recorded.contents(path) if path.exists() else {}

    def keep(self, wanted: Callable[[str], bool]) -> None:
        """Leave out the files whose names are not wanted."""
        self._files = {name: content for name, content in self._files.items() if wanted(name)}

    def add(self, files: Mapping[str, bytes]) -> None:
        """Take files in, in place of those of their names."""
        self._files |= files

    def write(self) -> None:
        """Write it, sorted by name and without times: equal files give equal bytes. What was there stays until then."""
        part = self._path.with_suffix(".part")
        with lzma.open(part, "wb", filters=FILTERS) as file, tarfile.open(fileobj=file, mode="w|") as archive:
            for name in sorted(self._files):
                member = tarfile.TarInfo(name)
                member.size = len(self._files[name])
                archive.addfile(member, io.BytesIO(self._files[name]))
        part.replace(self._path)


class Recording:
    """What was recorded, and is written when recording ends."""

    def __init__(self) -> None:
        """Begin with what was recorded before."""
        self._journals = Archive(FOLDER / recorded.JOURNALS)
        self._checkpoints = Archive(FOLDER / recorded.CHECKPOINTS)

    def keep_only(self, campaigns: Sequence[RecordedCampaign]) -> None:
        """Leave out what was recorded of campaigns that are no longer there."""
        journals = {f"{each.id}.jsonl" for each in campaigns}
        ours = tuple(keys.campaign(each.id) for each in campaigns)
        self._journals.keep(lambda name: name in journals)
        self._checkpoints.keep(lambda name: name.startswith(ours) or name == keys.STORE_MARKER)

    def take(self, campaign: RecordedCampaign, records: Sequence[JournalRecord], store: Store) -> None:
        """Take a campaign's journal and checkpoints in place of what was recorded of it before."""
        lines = [json.dumps(document.plain(record), separators=(", ", ": ")) for record in records]
        self._journals.add({f"{campaign.id}.jsonl": ("\n".join(lines) + "\n").encode()})
        ours = keys.campaign(campaign.id)
        self._checkpoints.keep(lambda name: not name.startswith(ours))
        objects = (*objects_of(campaign, records, store), keys.STORE_MARKER)
        self._checkpoints.add({key: store.get(key) for key in objects})

    def write(self) -> None:
        """Write both archives."""
        self._journals.write()
        self._checkpoints.write()


def objects_of(campaign: RecordedCampaign, records: Sequence[JournalRecord], store: Store) -> Iterable[str]:
    """Keys of the checkpoints of a campaign's situations."""
    stages = fold(records).stages
    for checkpoint_id in {stages[situation.stage].trained.checkpoint_id for situation in campaign.situations}:
        key = keys.checkpoint(campaign.id, checkpoint_id)
        yield key
        for blob in store.get_message(key, CheckpointManifest).blobs:
            yield keys.blob(campaign.id, blob.sha256)


if __name__ == "__main__":
    main()
