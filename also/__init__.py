"""ALSO: adaptive learning-signal optimisation for cooperative multi-agent reinforcement learning."""

__version__ = "0.1.0"
