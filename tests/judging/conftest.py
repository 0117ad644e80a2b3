"""The recorded situations, and answers made by hand."""

import pytest

from also import cli
from also.judging import recorded
from also.v1.diagnosis_pb2 import Diagnosis, FailureMode, Finding, LearningPhase, Remedy
from also.v1.situation_pb2 import Planted


@pytest.fixture(scope="session")
def situations():
    """Every recorded situation."""
    return recorded.situations()


@pytest.fixture(scope="session")
def situation(situations):
    """A recorded situation by its id."""
    by_id = {each.situation.id: each for each in situations}
    return by_id.__getitem__


@pytest.fixture
def also(monkeypatch, capsys, tmp_path):
    """Runs `also` in an empty folder; gives exit code, standard output and error."""
    monkeypatch.setenv("ALSO_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("ALSO_LOGS", str(tmp_path / "logs"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(list(arguments))
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture
def diagnosis():
    """Builds a diagnosis of findings, each (mode, remedy, names)."""

    def make(*findings):
        return Diagnosis(
            phase=LearningPhase.LEARNING_PHASE_PLATEAU,
            findings=[
                Finding(mode=f"FAILURE_MODE_{mode}", remedy=f"REMEDY_{remedy}", **names)
                for mode, remedy, names in findings
            ],
            backend="llm",
        )

    return make


@pytest.fixture
def coordination():
    """A planted lack of coordination, which an expert may also call exploration."""
    return Planted(
        mode=FailureMode.FAILURE_MODE_COORDINATION,
        accepted_modes=[FailureMode.FAILURE_MODE_EXPLORATION],
        accepted_remedies=[Remedy.REMEDY_SYNCHRONISE, Remedy.REMEDY_GUIDE],
        milestone="met_at_food",
        how="By hand.",
    )
