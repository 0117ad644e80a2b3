"""Settings of a process, from its environment; the only reader of `os.environ`.

What a campaign depends on is in its campaign file. Here is only where a process finds the others.
"""

import os
from dataclasses import dataclass, field

API_KEY = "ALSO_LLM_API_KEY"
"""Variable with the LLM's API key. A user's task runs in child processes: none but the minds inherit it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where a process finds the store and the services."""

    store: str = "also-data/store"
    """URI of the object store (`ALSO_STORE`): a folder, `s3://bucket/prefix`, `gs://…`, `az://…`."""
    logs: str = "also-data/logs"
    """Folder for the logs of local processes (`ALSO_LOGS`)."""
    trainer: str = ""
    """Address of a running trainer, `host:port` (`ALSO_TRAINER`); empty starts one."""
    critic: str = ""
    """Address of a running critic (`ALSO_CRITIC`); empty starts one."""
    generator: str = ""
    """Address of a running generator (`ALSO_GENERATOR`); empty starts one."""
    validator: str = ""
    """Address of a running validator (`ALSO_VALIDATOR`); empty starts one."""
    llm_api_key: str = field(default="", repr=False)
    """API key of the minds' LLM (`ALSO_LLM_API_KEY`); empty where it needs none. Only the minds are given it."""


def from_environment() -> Settings:
    """Settings of this process; what is not in the environment has its default."""
    given = {
        name: os.environ[f"ALSO_{name.upper()}"]
        for name in Settings.__dataclass_fields__
        if os.environ.get(f"ALSO_{name.upper()}")
    }
    return Settings(**given)


def child_environment(**changes: str) -> dict[str, str]:
    """Environment for a process that this one starts: its own without the API key, with changes."""
    return {**{name: value for name, value in os.environ.items() if name != API_KEY}, **changes}
