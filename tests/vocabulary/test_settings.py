"""Settings of a process, from its environment."""

import dataclasses

import pytest

from also import settings


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


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(settings.Settings)])
def test_each_setting_has_a_variable(environment, field):
    """A variable sets its setting and no other."""
    environment.setenv(f"ALSO_{field.upper()}", "there")
    assert settings.from_environment() == settings.Settings(**{field: "there"})


def test_a_child_gets_the_environment_with_changes(environment):
    """A child's environment is this one's, with what its parent changes."""
    environment.setenv("ALSO_STORE", "here")
    environment.setenv("ALSO_LOGS", "old")
    child = settings.child_environment(ALSO_LOGS="new")
    assert (child["ALSO_STORE"], child["ALSO_LOGS"]) == ("here", "new")
    assert settings.from_environment().logs == "old"
