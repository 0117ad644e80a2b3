"""Results of the study, made by hand."""

from collections.abc import Callable

import pytest

from also.comparing.curve import Segment
from benchmarks.study.result import Result


@pytest.fixture
def result() -> Callable[..., Result]:
    """Makes a result."""

    def make(method: str = "also", seed: int = 3, final: float = 0.5, **changes: object) -> Result:
        given = {
            "environment": "foraging",
            "task": "foraging-10x10-3p-3f-coop",
            "method": method,
            "seed": seed,
            "budget": 1000,
            "commit": "aaaaaaa",
            "checkout": "bbbbbbb",
            "key": f"{method}{seed}",
            "written": "",
            "campaign": {"seed": seed},
            "machine": "a machine, 2 cores",
            "torch": "2.15.0",
            "parallel": 2,
            "smallest_return": 0.25,
            "largest_return": 1.0,
            "final_return": final,
            "final_low": final,
            "final_high": final,
            "success_rate": 0.0,
            "episodes": 256,
            "area": final / 2,
            "env_steps": 900,
            "validation_env_steps": 300,
            "critical_path": 500,
            "promotions": 2,
            "standing": 1,
            "cpu_seconds": 10.0,
            "wall_seconds": 12.0,
            "tries": 1,
            "curve": (Segment(begin=0, end=500, value=0.0), Segment(begin=500, end=1000, value=final)),
        }
        return Result(**{**given, **changes})

    return make
