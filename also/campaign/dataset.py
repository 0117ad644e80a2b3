"""A folder of data for training from campaigns, with a card that says what is in it and what it is worth.

README.md                  the card, a dataset card of Hugging Face's form: `load_dataset(FOLDER, NAME)` knows the files
preferences.jsonl          pairs of candidates and of diagnoses, for DPO trainers
sft-trl.jsonl              replies that proved right, in TRL's form
sft-axolotl.jsonl          the same in Axolotl's
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from also import __version__
from also.campaign import preferences, remedies
from also.campaign.demonstrations import demonstrations, for_axolotl, for_trl
from also.campaign.fold import fold
from also.store import Store
from also.v1.journal_pb2 import JournalRecord

CARD, PREFERENCES, SFT_TRL, SFT_AXOLOTL = "README.md", "preferences.jsonl", "sft-trl.jsonl", "sft-axolotl.jsonl"
"""Files of a folder."""

Row = dict[str, Any]
"""One line of a file, as JSON data."""


@dataclass(slots=True, kw_only=True)
class Dataset:
    """What campaigns are worth for training."""

    pairs: list[Row] = field(default_factory=list)
    """Preference pairs of both minds."""
    trl: list[Row] = field(default_factory=list)
    """Demonstrations in TRL's form."""
    axolotl: list[Row] = field(default_factory=list)
    """The same in Axolotl's."""
    campaigns: list[str] = field(default_factory=list)
    """Where they are from: campaign, task, and models."""

    def add(self, records: Sequence[JournalRecord], campaign_id: str, store: Store) -> None:
        """Take a campaign in.

        Args:
            records: its journal, not empty.
            campaign_id: its id.
            store: the object store that holds its exchanges.

        Raises:
            CampaignError: a record cannot follow the ones before it.
            DocumentError: a stored exchange is missing or damaged.
        """
        state = fold(records)
        self.pairs += preferences.pairs(state, campaign_id, store)
        self.pairs += remedies.pairs(state, campaign_id, store)
        shown = list(demonstrations(state, campaign_id, store))
        self.trl += [for_trl(*each) for each in shown]
        self.axolotl += [for_axolotl(*each) for each in shown]
        models = sorted({use.model for use in state.llm_uses if use.model})
        self.campaigns.append(
            f"{campaign_id}: {state.card.task}, seed {state.campaign.seed}, {', '.join(models) or 'no LLM'}"
        )

    def files(self) -> Mapping[str, str]:
        """Contents by file name."""
        return {
            CARD: "\n".join(self._card()) + "\n",
            PREFERENCES: lines(self.pairs),
            SFT_TRL: lines(self.trl),
            SFT_AXOLOTL: lines(self.axolotl),
        }

    def _card(self) -> Iterator[str]:
        kinds = Counter(pair["mind"] for pair in self.pairs)
        yield "---"
        yield "language: [en]"
        yield "tags: [dpo, sft, multi-agent-reinforcement-learning, reward-shaping]"
        yield "configs:"
        for name, file in (("preferences", PREFERENCES), ("sft-trl", SFT_TRL), ("sft-axolotl", SFT_AXOLOTL)):
            yield f"- {{config_name: {name}, data_files: {file}}}"
        yield "---\n"
        yield "# What validation preferred\n"
        yield (
            f"Written by `also export` of ALSO {__version__}. An LLM diagnosed why a multi-agent team did not learn, "
            "or proposed shaping configs against that; what it said was tried on branches of the real training, and "
            "is ordered here by what was measured. No person and no other model has judged it.\n"
        )
        yield "| file | rows | what |"
        yield "|---|---|---|"
        yield f"| `{PREFERENCES}` | {kinds['generator']} | pairs of candidates of one prompt (`mind: generator`) |"
        yield f"| `{PREFERENCES}` | {kinds['critic']} | pairs of diagnoses of one prompt (`mind: critic`) |"
        yield f"| `{SFT_TRL}` | {len(self.trl)} | replies that proved right: `prompt`, `completion` |"
        yield f"| `{SFT_AXOLOTL}` | {len(self.axolotl)} | the same: `messages` |"
        yield "\n## Where it is from\n"
        yield from (f"- {each}" for each in self.campaigns)
        yield "\n## How it is ordered\n"
        yield (
            "- Candidates: a promoted one beats the others of its round; one whose gain's 95 % interval lies above "
            "another's gain beats that one; what the screen refused loses to whatever was tried. Inconclusive trials "
            "make no pair."
        )
        yield (
            "- Diagnoses: a finding whose remedy led to a promotion that lasted, and to a larger return, beats a "
            "remedy that was tried in vain: in that stage, or earlier against the same trouble (then the rejected "
            "reply is the chosen one with the other remedy's word)."
        )
        yield "- Demonstrations: promoted candidates that were not rolled back, and such findings."
        yield "\n## What it is not\n"
        yield (
            "- One campaign is one campaign: a verdict errs at the rates of ALSO's validation, and pairs of one "
            "campaign are not independent. Keep whole campaigns, better whole tasks, out for measuring."
        )
        yield (
            "- Prompts hold the task card: names and descriptions that its author wrote. Replies are the named models' "
            "words, and their licences may bind what is trained on them."
        )


def lines(rows: Iterable[Row]) -> str:
    """Rows as JSON lines."""
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def write(dataset: Dataset, folder: Path) -> None:
    """Write a folder's files; files of these names are replaced.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in dataset.files().items():
        (folder / name).write_text(text, encoding="utf-8")
