"""The backends that are judged: a critic and a generator each, as a campaign would set them."""

from dataclasses import dataclass

from also import limits
from also.v1.campaign_pb2 import (
    CriticBackend,
    CriticSettings,
    GeneratorBackend,
    GeneratorSettings,
    Sampling,
)
from also.v1.llm_pb2 import LlmEndpoint, LlmFallback

CANDIDATES = 4
"""Candidates of a round, K."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A pair of minds that is judged together: the generator hears what the critic says."""

    name: str
    """Name in tables."""
    critic: CriticSettings
    """The critic; backend `none` is no critic."""
    generator: GeneratorSettings
    """The generator."""

    @property
    def diagnoses(self) -> bool:
        """Whether its critic names findings at all."""
        return self.critic.backend != CriticBackend.CRITIC_BACKEND_NONE


def rules(candidates: int = CANDIDATES) -> Backend:
    """The embedded expert system as both minds: what an LLM must beat."""
    return Backend(
        name="rules",
        critic=CriticSettings(backend=CriticBackend.CRITIC_BACKEND_RULES),
        generator=_generator(GeneratorBackend.GENERATOR_BACKEND_RULES, candidates),
    )


def random(candidates: int = CANDIDATES) -> Backend:
    """No critic, and configs drawn from the whole schema: the control."""
    return Backend(
        name="random",
        critic=CriticSettings(backend=CriticBackend.CRITIC_BACKEND_NONE),
        generator=_generator(GeneratorBackend.GENERATOR_BACKEND_RANDOM, candidates),
    )


def llm(endpoint: LlmEndpoint, *, candidates: int = CANDIDATES, sampling: Sampling = Sampling.SAMPLING_LIST) -> Backend:
    """An LLM as both minds; where it contradicts the evidence it has no answer, for the rules are judged beside it.

    Args:
        endpoint: the LLM; what is left out takes its default.
        candidates: candidates of a round, K.
        sampling: how it is asked for them.

    Raises:
        DocumentError: the endpoint breaks a limit.
    """
    complete = LlmEndpoint()
    complete.CopyFrom(endpoint)
    complete.fallback = LlmFallback.LLM_FALLBACK_HOLD
    limits.fill_defaults(complete)
    limits.check(complete, "llm")
    generator = _generator(GeneratorBackend.GENERATOR_BACKEND_LLM, candidates)
    generator.llm.CopyFrom(complete)
    generator.sampling = sampling
    critic = CriticSettings(backend=CriticBackend.CRITIC_BACKEND_LLM, llm=complete)
    return Backend(name="llm", critic=critic, generator=generator)


def _generator(backend: GeneratorBackend, candidates: int) -> GeneratorSettings:
    settings = GeneratorSettings(backend=backend, candidates=candidates)
    limits.fill_defaults(settings)
    limits.check(settings, "generator")
    return settings
