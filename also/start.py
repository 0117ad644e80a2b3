"""Start one of ALSO's modules as a process: `python also/start.py MODULE ARGUMENTS...`

`python -m MODULE` looks in the current folder first. That is the user's, who may have a folder called `also` there,
or a file called `random.py`. So nothing is looked for in the current folder here, and the package `also` is the one
that this file lies in, whatever PYTHONPATH says. User code is found by whoever runs it
(`also/services/trainer/tasks/import_path.py`).
"""

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # this file's folder, whose modules are named `also.…`

import runpy
from importlib import util
from pathlib import Path

NAME = "also"
"""ALSO's own package."""


def main() -> None:
    """Run the module that is named first, with the arguments that follow."""
    _load(Path(__file__).resolve().parent)
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _load(folder: Path) -> None:
    """Import ALSO from a folder, wherever else there is a package of its name."""
    spec = util.spec_from_file_location(NAME, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    package = util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    main()
