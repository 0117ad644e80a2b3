"""ALSO from Python: load a campaign, run it, read what it has come to.

    import also

    campaign = also.Campaign.load("foraging", "stages.count=2")
    result = campaign.run()
    print(result.final_return, result.curve)

A campaign that is run here is the one that `also run` runs: the same file, store and journal, so each continues what
the other has begun. The services are processes of their own, which end with the call.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from also import document, keys
from also.campaign import spec
from also.campaign.fold import fold
from also.campaign.run import run as conduct
from also.campaign.state import State
from also.campaign.summary import summary
from also.campaign.watch import Watch
from also.cli.lines import Lines
from also.cli.options import read_journal, settings_with
from also.v1.branch_pb2 import Evaluation
from also.v1.campaign_pb2 import Campaign as CampaignFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a campaign has come to, as far as its journal went when it was read."""

    id: str
    """Id of the campaign."""
    store: str
    """Address of the store that it lies in."""
    state: State = field(repr=False)
    """All that is known of it: its stages with evidence, diagnoses, candidates, branches and decisions."""

    @property
    def finished(self) -> bool:
        """Whether the campaign is over."""
        return self.state.finished is not None

    @property
    def final_return(self) -> float | None:
        """Mean return of the final policy on the report seeds, units of task reward; None until it is measured."""
        return self.state.reported.evaluation.returns.mean if self.state.reported is not None else None

    @property
    def evaluation(self) -> Evaluation | None:
        """The final policy's evaluation, with its 95 % interval; None until it is measured."""
        return self.state.reported.evaluation if self.state.reported is not None else None

    @property
    def curve(self) -> list[tuple[int, float]]:
        """After each stage: env_steps spent until then, branches included, and the mean return it was evaluated at.

        The last point is the final policy's, once it is measured.
        """
        points, spent = [], 0
        for stage in self.state.stages:
            points.append((spent + stage.trained.env_steps, stage.mean_return))
            spent += stage.env_steps
        if self.state.reported is not None:
            points.append((self.state.reported.env_steps, self.state.reported.evaluation.returns.mean))
        return points

    @property
    def checkpoint_id(self) -> str:
        """Its last checkpoint, which `also evaluate`, `play` and `export` take too; empty before the first stage."""
        return summary(self.state, self.id).checkpoint_id

    def summary(self) -> dict[str, Any]:
        """The same as plain data, as `also status ID --json` prints it, but for its conductor."""
        return document.plain(summary(self.state, self.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign file, complete and checked; see `load` and `read`."""

    id: str
    """Id under which it runs."""
    file: CampaignFile
    """The file's content, every default filled in."""
    folder: str = ""
    """Folder in which a module of the task is looked for, after the current one; empty is none."""

    @classmethod
    def load(cls, path: str | Path | None = None, *changes: str, campaign_id: str | None = None) -> "Campaign":
        """Read a campaign file.

        Args:
            path: the YAML file, or the name of a campaign that ALSO brings; None takes the default one.
            changes: "key=value" each, as `also run --set` takes them.
            campaign_id: its id; None takes the file's name.

        Raises:
            DocumentError: the file cannot be read, or is no campaign.
            CampaignError: the id, or the file's name in its place, is none.
        """
        file = None if path is None else Path(path)
        mine = file is not None and spec.brought_name(file) is None
        return cls(
            id=keys.check_campaign_id(spec.name_of(file) if campaign_id is None else campaign_id),
            file=spec.load(file, changes),
            folder=str(file.resolve().parent) if file is not None and mine else "",
        )

    @classmethod
    def read(cls, data: Mapping[str, Any], *, campaign_id: str) -> "Campaign":
        """Read a campaign from plain data.

        Args:
            data: what a campaign file holds; only `task` must be there.
            campaign_id: its id.

        Raises:
            DocumentError: it is no campaign.
            CampaignError: the id is none.
        """
        return cls(id=keys.check_campaign_id(campaign_id), file=spec.resolved(document.read(CampaignFile, dict(data))))

    def run(self, store: str | None = None, *, watch: Watch | None = None) -> Result:
        """Run it to its end, or continue it where its journal ends. Interrupted, the same call continues.

        Args:
            store: address of the object store, e.g. a folder; None takes ALSO_STORE, or also-data/store.
            watch: told of everything that happens; None prints lines.

        Raises:
            InputError: the campaign, its task or its store cannot be used, or another conductor is at work; nothing was
                written then.
            ServiceError: a service failed for good. The same call continues from there.
        """
        given = replace(settings_with(store), task_folder=self.folder)
        if watch is not None:
            state = conduct(self.file, self.id, given, watch)
        else:
            with Lines() as lines:
                state = conduct(self.file, self.id, given, lines)
        return Result(id=self.id, store=given.store, state=state)


def open(campaign_id: str, store: str | None = None) -> Result:  # noqa: A001  (read as also.open)
    """What a campaign has come to so far. Nothing is written.

    Args:
        campaign_id: its id.
        store: address of the object store; None takes ALSO_STORE, or also-data/store.

    Raises:
        StoreError: there is no such store, or it cannot be read.
        CampaignError: it holds no such campaign.
    """
    state = fold(read_journal(campaign_id, store).records)
    return Result(id=campaign_id, store=settings_with(store).store, state=state)
