"""Settings of a process, from its environment."""

import dataclasses

import pytest

from also import settings
from also.errors import SettingError


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """An environment in which nothing is set."""
    for field in dataclasses.fields(settings.Settings):
        monkeypatch.delenv(f"ALSO_{field.name.upper()}", raising=False)
    return monkeypatch


def test_what_is_not_set_has_its_default(environment):
    """Without variables, and with empty ones, everything is local."""
    environment.setenv("ALSO_TRAINER", "")
    assert settings.from_environment() == settings.Settings()


NUMBERS = [field.name for field in dataclasses.fields(settings.Settings) if isinstance(field.default, float)]
MAY_BE_ZERO = ["metrics_away"]
CHOICES = ["launcher", "trainer_threads", "log_format"]
TEXTS = [field.name for field in dataclasses.fields(settings.Settings) if field.name not in [*NUMBERS, *CHOICES]]


@pytest.mark.parametrize("field", TEXTS)
def test_each_setting_has_a_variable(environment, field):
    """A variable sets its setting and no other."""
    environment.setenv(f"ALSO_{field.upper()}", "there")
    assert settings.from_environment() == settings.Settings(**{field: "there"})


@pytest.mark.parametrize("field", NUMBERS)
def test_seconds_are_numbers_above_zero(environment, field):
    """A number of seconds is read; what is none is refused by the variable's name and value."""
    environment.setenv(f"ALSO_{field.upper()}", "12.5")
    assert settings.from_environment() == settings.Settings(**{field: 12.5})
    environment.setenv(f"ALSO_{field.upper()}", "0")
    if field in MAY_BE_ZERO:
        assert settings.from_environment() == settings.Settings(**{field: 0.0})
    for wrong in ("soon", "-1", "nan", "inf") if field in MAY_BE_ZERO else ("soon", "0", "-1", "nan", "inf"):
        environment.setenv(f"ALSO_{field.upper()}", wrong)
        with pytest.raises(SettingError, match=f"ALSO_{field.upper()} is '{wrong}'"):
            settings.from_environment()


def test_a_stage_has_one_thread_or_two(environment):
    """Or as many as there are cores for; anything else is refused by the variable's name and value."""
    for allowed in ("auto", "1", "2"):
        environment.setenv("ALSO_TRAINER_THREADS", allowed)
        assert settings.from_environment().trainer_threads == allowed
    for wrong in ("0", "3", "two"):
        environment.setenv("ALSO_TRAINER_THREADS", wrong)
        with pytest.raises(SettingError, match=f"ALSO_TRAINER_THREADS is '{wrong}'; allowed: auto, 1, 2"):
            settings.from_environment()


def test_a_log_is_text_or_json(environment):
    """Text by default; anything else is refused by the variable's name and value."""
    assert settings.from_environment().log_format == "text"
    environment.setenv("ALSO_LOG_FORMAT", "json")
    assert settings.from_environment().log_format == "json"
    environment.setenv("ALSO_LOG_FORMAT", "xml")
    with pytest.raises(SettingError, match="ALSO_LOG_FORMAT is 'xml'; allowed: text, json"):
        settings.from_environment()


def test_a_launcher_has_what_it_needs(environment):
    """Jobs need a namespace and a template; an unknown launcher is refused."""
    environment.setenv("ALSO_LAUNCHER", "slurm")
    with pytest.raises(SettingError, match="'slurm'; allowed: processes, kubernetes"):
        settings.from_environment()
    environment.setenv("ALSO_LAUNCHER", "kubernetes")
    with pytest.raises(SettingError, match="needs ALSO_NAMESPACE"):
        settings.from_environment()
    environment.setenv("ALSO_NAMESPACE", "also")
    with pytest.raises(SettingError, match="needs ALSO_JOB_TEMPLATE"):
        settings.from_environment()
    environment.setenv("ALSO_JOB_TEMPLATE", "also-branch")
    assert settings.from_environment().launcher == "kubernetes"


def test_a_child_inherits_no_secret(environment):
    """A user's task runs in a child process: neither the LLM's key nor Prometheus's token gets there."""
    environment.setenv("ALSO_LLM_API_KEY", "key")
    environment.setenv("ALSO_PROMETHEUS_TOKEN", "token")
    assert not {"ALSO_LLM_API_KEY", "ALSO_PROMETHEUS_TOKEN"} & settings.child_environment().keys()


def test_a_child_gets_the_environment_with_changes(environment):
    """A child's environment is this one's, with what its parent changes."""
    environment.setenv("ALSO_STORE", "here")
    environment.setenv("ALSO_LOGS", "old")
    child = settings.child_environment(ALSO_LOGS="new")
    assert (child["ALSO_STORE"], child["ALSO_LOGS"]) == ("here", "new")
    assert settings.from_environment().logs == "old"
