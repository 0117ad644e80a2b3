"""Which of JaxMARL's environments are tasks, and what is said of the others."""

import subprocess
import sys

import pytest

from also.errors import TaskError
from also.services.trainer.tasks.jaxmarl.layouts import LAYOUTS, OVERCOOKED_MAPS, OVERCOOKED_V2_MAPS, REFUSED, SMAX_MAPS
from also.services.trainer.tasks.opening import describe
from also.v1.task_pb2 import Task

WITHOUT = """
import sys
sys.modules[{missing!r}] = None
from also.errors import TaskError
from also.v1.task_pb2 import Task
from also.services.trainer.tasks.opening import describe
try:
    describe(Task(name="kitchen", layout="cramped_room"))
except TaskError as error:
    print(error)
"""


def output_of(code):
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("name", "layout", "told"),
    [
        ("kitchen", "bistro", "allowed are cramped_room, asymm_advantages, coord_ring, forced_coord, counter_circuit"),
        ("kitchen", "", "allowed are cramped_room"),
        ("navigation", "spread-9", "allowed are spread-2, spread-3, spread-4"),
        ("jaxmarl", "MPE_simple_tag_v3", "its agents play against each other"),
        ("jaxmarl", "coin_game", "each of its agents is paid for itself"),
        ("jaxmarl", "halfcheetah_6x1", "it needs brax"),
        ("jaxmarl", "JaxRobotarium_rware", "lacks JaxRobotarium"),
        ("jaxmarl", "overcooked", "overcooked has cramped_room, .*e.g. overcooked/cramped_room"),
        ("jaxmarl", "HeuristicEnemySMAX/9m", "HeuristicEnemySMAX has 3m, 2s3z"),
        ("jaxmarl", "chess", "allowed are MPE_simple_spread_v3, .*overcooked/MAP"),
    ],
)
def test_what_is_no_task_is_one_error_that_says_why(name, layout, told):
    """The error names the layout, and what is allowed or why it is not."""
    with pytest.raises(TaskError, match=rf"layout '{layout}' of task '{name}' is not allowed.*{told}"):
        describe(Task(name=name, layout=layout))


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["jax", "jaxmarl"])
def test_without_the_extra_one_line_says_what_to_install(missing):
    """The error names the task and the command."""
    assert output_of(WITHOUT.format(missing=missing)) == (
        "task 'kitchen' needs packages that are not installed: pip install 'also-marl[jaxmarl]'"
    )


@pytest.mark.slow
def test_what_is_forked_from_has_not_loaded_jax():
    """A fork server loads nothing of JAX, which would start threads."""
    assert output_of(
        "import sys, also.services.trainer.warm; print('jax' in sys.modules, 'jaxmarl' in sys.modules)"
    ) == ("False False")


@pytest.mark.slow
def test_loading_leaves_the_process_its_streams():
    """JaxMARL prints while it is loaded and puts the first streams back; neither is seen."""
    pytest.importorskip("jaxmarl", reason="needs the extra jaxmarl")
    code = (
        "import io, sys\n"
        "from also.services.trainer.tasks.jaxmarl import setup as jaxmarl_setup\n"
        "mine = sys.stdout = sys.stderr = io.StringIO()\n"
        "jaxmarl_setup.load()\n"
        "kept = sys.stdout is mine and sys.stderr is mine\n"
        "sys.stdout = sys.__stdout__\n"
        "print(kept, repr(mine.getvalue()))\n"
    )
    assert output_of(code) == "True ''"


def test_the_table_is_the_registry_of_jaxmarl():
    """Every environment of JaxMARL's is a task or refused with a reason, and all maps are there."""
    pytest.importorskip("jax", reason="needs the extra jaxmarl")
    pytest.importorskip("jaxmarl", reason="needs the extra jaxmarl")
    from jaxmarl.environments.overcooked import overcooked_layouts
    from jaxmarl.environments.overcooked_v2 import overcooked_v2_layouts
    from jaxmarl.environments.smax.smax_env import MAP_NAME_TO_SCENARIO
    from jaxmarl.registration import registered_envs

    tasks = {layout.environment for layout in LAYOUTS["jaxmarl"]}
    assert tasks | REFUSED.keys() == set(registered_envs)
    assert not tasks & REFUSED.keys()
    assert sorted(OVERCOOKED_MAPS) == sorted(overcooked_layouts)
    assert sorted(OVERCOOKED_V2_MAPS) == sorted(overcooked_v2_layouts)
    assert sorted(SMAX_MAPS) == sorted(MAP_NAME_TO_SCENARIO)
