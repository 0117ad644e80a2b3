"""The study: ALSO beside sparse reward, fixed shaping and its own ablations, at equal env_steps in all.

    python -m benchmarks.study [--quick] [--tasks …] [--methods …] [--seeds …] [--budget …] [--parallel 2]
    python -m benchmarks.study report

A cell is (task, method, seed): one real `also run`, whose campaign file is that of the task with the settings of the
method laid over it. Whatever it spends counts, branches included. A cell that is stored is not run again, so the study
grows over days; one that was interrupted goes on where its journal ends.
"""
