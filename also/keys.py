"""Keys of everything that ALSO stores: path is name, and every object is created once.

also.json                                            marks the store as ours
probe/…                                              tries of the store, there for a moment
campaigns/ID/journal/00000000.json                   the campaign's journal
campaigns/ID/conductors/CONDUCTOR/00000012.json      sign of life of a conductor; the one before is gone
campaigns/ID/stops/CONDUCTOR.json                    asks a conductor to end at its next step
campaigns/ID/reviews/s0003-r0.json                   a person's word on what a round would promote
campaigns/ID/mark.json                               tells it from campaigns of the same id in other stores
campaigns/ID/blobs/SHA256                            content of checkpoints
campaigns/ID/checkpoints/CHECKPOINT.json             a checkpoint's manifest, created last
campaigns/ID/stages/RUN/0003.json                    the result of a stage of a run
campaigns/ID/evaluations/CHECKPOINT-POOL.json        what a checkpoint is worth
campaigns/ID/policies/CHECKPOINT.safetensors         what of a checkpoint acts
campaigns/ID/branches/GROUP/{spec,result}.json       a branch group, and its result
campaigns/ID/branches/GROUP/saves/00000012.json      where it stood in mid-branch; gone when it has ended
campaigns/ID/guards/s0003-r0-r0-c1.json              what guard queries said of a round's candidate
campaigns/ID/exchanges/SHA256/{prompt,reply-0}.json  what an LLM was asked, and its raw replies
"""

import re

from also.errors import CampaignError, CheckpointError

STORE_MARKER = "also.json"
"""Object that marks a store as one of ours."""

PROBES = "probe/"
"""Prefix of what is created, and deleted at once, to see how a store behaves."""

CAMPAIGNS = "campaigns/"
"""Prefix of all campaigns."""

_CHECKPOINT_ID = re.compile(r"[0-9a-f]{64}")

_CAMPAIGN_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?")


def check_campaign_id(campaign_id: str) -> str:
    """The id itself, when it can be part of a key and of a Kubernetes name.

    Raises:
        CampaignError: it cannot.
    """
    if not _CAMPAIGN_ID.fullmatch(campaign_id):
        raise CampaignError(
            f"campaign id {campaign_id[:80]!r} is not allowed; 1 to 53 of a-z, 0-9 and '-' are, "
            "beginning and ending with a letter or digit"
        )
    return campaign_id


def of_seed(group: str, seed: int) -> str:
    """Id of the campaign that has a seed, of a group of campaigns that differ by it: "foraging-s3".

    Raises:
        CampaignError: it cannot be part of a key.
    """
    return check_campaign_id(f"{group}-s{seed}")


def is_of_group(campaign_id: str, group: str) -> bool:
    """Whether a campaign is one of a group of campaigns that differ by their seed."""
    return re.fullmatch(rf"{re.escape(group)}-s[0-9]+", campaign_id) is not None


def check_checkpoint_id(checkpoint_id: str) -> str:
    """The id itself, when it can be one: the sha256 of a manifest, hex.

    Raises:
        CheckpointError: it cannot.
    """
    if not _CHECKPOINT_ID.fullmatch(checkpoint_id):
        raise CheckpointError(
            f"checkpoint id {checkpoint_id[:80]!r} is not allowed; 64 of 0-9 and a-f are, as `also report` lists them"
        )
    return checkpoint_id


def campaign(campaign_id: str) -> str:
    """Prefix of one campaign."""
    return f"{CAMPAIGNS}{check_campaign_id(campaign_id)}/"


def journal(campaign_id: str) -> str:
    """Prefix of a campaign's journal."""
    return f"{campaign(campaign_id)}journal/"


def journal_record(campaign_id: str, sequence: int) -> str:
    """One record of a campaign's journal."""
    return f"{journal(campaign_id)}{sequence:08d}.json"


def conductors(campaign_id: str) -> str:
    """Prefix of all conductors' signs of life."""
    return f"{campaign(campaign_id)}conductors/"


def beat(campaign_id: str, conductor: str, number: int) -> str:
    """One sign of life of a conductor."""
    return f"{conductors(campaign_id)}{conductor}/{number:08d}.json"


def stop(campaign_id: str, conductor: str) -> str:
    """What asks a conductor to end at its next step."""
    return f"{campaign(campaign_id)}stops/{conductor}.json"


def review(campaign_id: str, stage: int, round: int) -> str:
    """A person's word on the candidate that a round would promote; created once."""
    return f"{campaign(campaign_id)}reviews/s{stage:04d}-r{round}.json"


def campaign_mark(campaign_id: str) -> str:
    """What tells a campaign from those of the same id in other stores; created before its first Job."""
    return f"{campaign(campaign_id)}mark.json"


def blob(campaign_id: str, sha256: str) -> str:
    """Content of a checkpoint, by its hash."""
    return f"{campaign(campaign_id)}blobs/{sha256}"


def checkpoints(campaign_id: str) -> str:
    """Prefix of all checkpoints' manifests."""
    return f"{campaign(campaign_id)}checkpoints/"


def checkpoint(campaign_id: str, checkpoint_id: str) -> str:
    """Manifest of a checkpoint."""
    return f"{checkpoints(campaign_id)}{checkpoint_id}.json"


def stage(campaign_id: str, run: str, number: int) -> str:
    """The result of a stage of a run."""
    return f"{run_of_stages(campaign_id, run)}{number:04d}.json"


def run_of_stages(campaign_id: str, run: str) -> str:
    """Prefix of the results of a run's stages."""
    return f"{campaign(campaign_id)}stages/{run}/"


def evaluation(campaign_id: str, checkpoint_id: str, pool: str) -> str:
    """What a checkpoint is worth on a pool of seeds."""
    return f"{campaign(campaign_id)}evaluations/{checkpoint_id}-{pool}.json"


def policy(campaign_id: str, checkpoint_id: str) -> str:
    """What of a checkpoint acts."""
    return f"{campaign(campaign_id)}policies/{checkpoint_id}.safetensors"


def branch_group(campaign_id: str, group: str) -> str:
    """What a branch group is to do."""
    return f"{campaign(campaign_id)}branches/{group}/spec.json"


def branch_group_result(campaign_id: str, group: str) -> str:
    """The result of a branch group; created once, after all its checkpoints."""
    return f"{campaign(campaign_id)}branches/{group}/result.json"


def branch_group_save(campaign_id: str, group: str, updates: int) -> str:
    """A branch group in mid-branch, after so many updates; created after its tensors."""
    return f"{branch_group_saves(campaign_id, group)}{updates:08d}.json"


def is_branch_group_save(key: str) -> bool:
    """Whether an object among a group's saves is one with which a save exists, and not its tensors."""
    return key.endswith(".json")


def branch_group_save_tensors(campaign_id: str, group: str, updates: int, sha256: str) -> str:
    """Tensors of such a save, by their hash."""
    return f"{branch_group_saves(campaign_id, group)}{updates:08d}-{sha256}.safetensors"


def branch_group_saves(campaign_id: str, group: str) -> str:
    """Prefix of a branch group's saves."""
    return f"{campaign(campaign_id)}branches/{group}/saves/"


def branch_group_reading(campaign_id: str, group: str) -> str:
    """What Prometheus said of a branch group; created once, whatever it said."""
    return f"{campaign(campaign_id)}branches/{group}/reading.json"


def guard_readings(campaign_id: str, stage: int, round: int, candidate: str) -> str:
    """What guard queries said of a candidate that was about to be promoted; created once, whatever they said."""
    return f"{campaign(campaign_id)}guards/s{stage:04d}-r{round}-{candidate}.json"


def exchanges(campaign_id: str) -> str:
    """Prefix of all that LLMs were asked."""
    return f"{campaign(campaign_id)}exchanges/"


def llm_prompt(campaign_id: str, exchange: str, *, shorter: bool = False) -> str:
    """What an LLM was asked; `shorter` where its server found that too long."""
    return f"{exchanges(campaign_id)}{exchange}/prompt{'-shorter' if shorter else ''}.json"


def llm_reply(campaign_id: str, exchange: str, number: int) -> str:
    """One raw reply to it."""
    return f"{exchanges(campaign_id)}{exchange}/reply-{number}.json"
