"""Which tracker a person means."""

import pytest

from also.errors import InputError
from also.tracking.opening import open_tracker, parse


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "kind", "where"),
    [
        ("tensorboard:runs/mine", "tensorboard", "runs/mine"),
        ("wandb:team/project", "wandb", "team/project"),
        ("mlflow:http://host:5000#mine", "mlflow", "http://host:5000#mine"),
    ],
)
def test_a_kind_and_a_place_name_a_tracker(text, kind, where):
    """Nothing is told, nor written."""
    assert parse(text) == (kind, where)
    open_tracker(kind, where).close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--track '' is not allowed; tensorboard:DIR, wandb:PROJECT and mlflow:URI are"),
        ("tensorboard", "--track 'tensorboard' is not allowed"),
        ("neptune:x", "--track 'neptune:x' is not allowed"),
        ("tensorboard:s3://bucket/x", "--tensorboard 's3://bucket/x' is not allowed; a folder of this machine is"),
        ("wandb:a/b/c", "--wandb 'a/b/c' is not allowed; PROJECT or ENTITY/PROJECT is"),
        ("mlflow:sqlite:///mlflow.db", "the http:// or https:// address of an MLflow server is"),
        ("mlflow:http://", "the http:// or https:// address of an MLflow server is"),
        ("mlflow:http://me:secret@host", "--mlflow takes no password in its address; MLFLOW_TRACKING_USERNAME"),
    ],
)
def test_what_names_none_is_refused(text, message):
    """The line says what is allowed, and repeats no password."""
    with pytest.raises(InputError) as refused:
        parse(text)
    assert message in str(refused.value)
    assert "secret" not in str(refused.value)
