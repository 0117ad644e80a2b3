"""The backends that are judged: a critic and a generator each, as a campaign would set them."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Literal, TypeVar

from also import limits
from also.v1.campaign_pb2 import (
    CriticBackend,
    CriticSettings,
    GeneratorBackend,
    GeneratorSettings,
    Sampling,
)
from also.v1.llm_pb2 import LlmEndpoint, LlmFallback

Mind = TypeVar("Mind", CriticSettings, GeneratorSettings)

CANDIDATES = 4
"""Candidates of a round, K."""

Script = Literal["perfect", "contrary"]
"""What a scripted model makes of everything, see `also.judging.scripts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Minds that are judged, each for itself."""

    name: str
    """Name in tables."""
    critic: CriticSettings | None
    """The critic; None where none is judged."""
    generator: GeneratorSettings | None
    """The generator, which hears the rules' diagnosis; None where none is judged."""
    samples: int = 1
    """Times that each situation is asked about."""
    scripted: bool = False
    """Whether its LLM is a script."""

    @property
    def diagnoses(self) -> bool:
        """Whether it has a critic that names findings."""
        return self.critic is not None and self.critic.backend != CriticBackend.CRITIC_BACKEND_NONE

    def critic_of(self, situation: str) -> CriticSettings:
        """The critic as it is asked about a situation."""
        assert self.critic is not None, "only a backend with a critic is asked for a diagnosis"
        return self._asked_about(situation, self.critic)

    def generator_of(self, situation: str) -> GeneratorSettings:
        """The generator as it is asked about a situation."""
        assert self.generator is not None, "only a backend with a generator is asked for candidates"
        return self._asked_about(situation, self.generator)

    def _asked_about(self, situation: str, mind: Mind) -> Mind:
        """A mind's settings; a script is told by the model's name what it is asked about."""
        settings = deepcopy(mind)
        if self.scripted:
            settings.llm.model = f"{self.name}/{situation}"
        return settings


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
        name="random", critic=None, generator=_generator(GeneratorBackend.GENERATOR_BACKEND_RANDOM, candidates)
    )


def scripted(script: Script, url: str, candidates: int = CANDIDATES) -> Backend:
    """A model that answers by a script, over the same protocol as any other: it bounds the scale.

    Args:
        script: what it does.
        url: endpoint of `also.judging.scripted`.
        candidates: candidates of a round, K.
    """
    critic, generator = _minds(LlmEndpoint(url=url), candidates, Sampling.SAMPLING_LIST)
    return Backend(name=script, critic=critic, generator=generator, scripted=True)


def llm(
    endpoint: LlmEndpoint,
    *,
    candidates: int = CANDIDATES,
    sampling: Sampling = Sampling.SAMPLING_LIST,
    samples: int = 1,
    minds: tuple[str, ...] = ("critic", "generator"),
) -> Backend:
    """An LLM as both minds, or as one of them.

    Args:
        endpoint: the LLM; what is left out takes its default.
        candidates: candidates of a round, K.
        sampling: how it is asked for them.
        samples: times that each situation is asked about.
        minds: which of "critic" and "generator" are judged.

    Raises:
        DocumentError: the endpoint breaks a limit.
    """
    critic, generator = _minds(endpoint, candidates, sampling)
    return Backend(
        name="llm",
        critic=critic if "critic" in minds else None,
        generator=generator if "generator" in minds else None,
        samples=samples,
    )


def _minds(endpoint: LlmEndpoint, candidates: int, sampling: Sampling) -> tuple[CriticSettings, GeneratorSettings]:
    """Both minds; where the LLM contradicts the evidence it has no answer, for the rules are judged beside it."""
    complete = deepcopy(endpoint)
    complete.fallback = LlmFallback.LLM_FALLBACK_HOLD
    limits.fill_defaults(complete)
    limits.check(complete, "llm")
    generator = _generator(GeneratorBackend.GENERATOR_BACKEND_LLM, candidates)
    generator.llm.CopyFrom(complete)
    generator.sampling = sampling
    return CriticSettings(backend=CriticBackend.CRITIC_BACKEND_LLM, llm=complete), generator


def _generator(backend: GeneratorBackend, candidates: int) -> GeneratorSettings:
    settings = GeneratorSettings(backend=backend, candidates=candidates)
    limits.fill_defaults(settings)
    limits.check(settings, "generator")
    return settings
