"""Presets of validation: how much certainty a promotion buys, and what it costs.

A preset fills what a campaign file leaves out. The exact sign-flip test over n pairs cannot give a
p below 2^-n, so the seeds of a wave bound what a look can prove: 5 pairs reach 0.031, 6 pairs
0.016, 10 pairs 0.001.
"""

from dataclasses import asdict, dataclass

from also import algorithms
from also.limits import fill_defaults
from also.updates import parts_of_pass
from also.v1.campaign_pb2 import (
    Campaign,
    CriticBackend,
    GeneratorBackend,
    ValidationPreset,
    ValidationSettings,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Settings of `ValidationSettings` by the same names."""

    rounds: int
    """Rounds of a stage at most."""
    search_rungs: int
    """Rungs of successive halving."""
    search_seeds: int
    """Seeds of each arm in the search."""
    search_env_steps: int
    """env_steps of a search branch by the last rung."""
    confirm_seeds: int
    """Seeds of each arm in one wave of the confirmation."""
    confirm_waves: int
    """Waves of the confirmation at most."""
    confirm_env_steps: int
    """env_steps of a confirm branch."""
    race_rungs: int
    """Rungs of the race."""
    race_seeds: int
    """Seeds of each candidate in the race."""
    race_env_steps: int
    """env_steps of a branch of the race by the last rung."""
    rare_loss_check: bool
    """Whether a gain must be more than losses in few branches explain."""


PRESETS = {
    ValidationPreset.VALIDATION_PRESET_FRUGAL: Preset(
        rounds=2,
        search_rungs=1,
        search_seeds=2,
        search_env_steps=60_000,
        confirm_seeds=6,
        confirm_waves=1,
        confirm_env_steps=60_000,
        race_rungs=1,
        race_seeds=1,
        race_env_steps=128_000,
        rare_loss_check=False,
    ),
    ValidationPreset.VALIDATION_PRESET_STANDARD: Preset(
        rounds=2,
        search_rungs=2,
        search_seeds=3,
        search_env_steps=200_000,
        confirm_seeds=6,
        confirm_waves=2,
        confirm_env_steps=200_000,
        race_rungs=2,
        race_seeds=2,
        race_env_steps=256_000,
        rare_loss_check=False,
    ),
    ValidationPreset.VALIDATION_PRESET_RIGOROUS: Preset(
        rounds=3,
        search_rungs=2,
        search_seeds=5,
        search_env_steps=400_000,
        confirm_seeds=10,
        confirm_waves=3,
        confirm_env_steps=400_000,
        race_rungs=2,
        race_seeds=4,
        race_env_steps=512_000,
        rare_loss_check=True,
    ),
}
"""The numbers of each preset."""


def resolve(campaign: Campaign) -> None:
    """Fill everything that a campaign leaves out, in place: what follows from other keys, then the defaults."""
    _choose_llm(campaign)
    algorithms.prepare(campaign.learner)
    given = campaign.learner.HasField("minibatches")
    fill_defaults(campaign)
    if not given:
        campaign.learner.minibatches = min(campaign.learner.minibatches, parts_of_pass(campaign.learner))
    algorithms.tidy(campaign.learner)
    _fill_from_preset(campaign.validation, PRESETS[campaign.validation.preset])


def _choose_llm(campaign: Campaign) -> None:
    """A mind with an LLM uses it."""
    if campaign.critic.HasField("llm") and not campaign.critic.HasField("backend"):
        campaign.critic.backend = CriticBackend.CRITIC_BACKEND_LLM
    if campaign.generator.HasField("llm") and not campaign.generator.HasField("backend"):
        campaign.generator.backend = GeneratorBackend.GENERATOR_BACKEND_LLM


def _fill_from_preset(settings: ValidationSettings, preset: Preset) -> None:
    for name, value in asdict(preset).items():
        if not settings.HasField(name):
            setattr(settings, name, value)
