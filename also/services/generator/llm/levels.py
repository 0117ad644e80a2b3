"""The numbers of a reply's language: a few levels of each, so that a grammar bounds them.

A reply names a level and never a free number, so what it says can be turned into a valid term whatever
was chosen. Levels are whole percents of a unit, because grammars print 0.1 as 0.10000000000000001, and a
model that has to follow one then writes seventeen digits.
"""

from also.v1 import shaping_pb2 as pb

WEIGHTS = {
    pb.SHAPING_FORM_POTENTIAL: (5, 10, 20, 30, 50, 100, -10, -20, -50, -100),
    pb.SHAPING_FORM_EVENT: (10, 25, 50, 100),
    pb.SHAPING_FORM_SYNCHRONY: (5, 10, 25, 50, 100),
    pb.SHAPING_FORM_NOVELTY: (10, 25, 50, 100),
    pb.SHAPING_FORM_PENALTY: (1, 2, 5, 10, 25),
}
"""Weights of a term: percents of the largest return for a potential, of the term's episode cap for other forms."""

SCALES = (5, 10, 20, 30, 50, 80)
"""Scales of a transform, percents of the feature's range."""

THRESHOLDS = (10, 25, 50, 75, 100)
"""Levels of a transformed feature, percents."""

GATE_LEVELS = (0, 10, 25, 50, 75, 100)
"""Levels of a gate, percents of the range of what it reads."""

COOLDOWNS = (1, 5, 20, 100)
"""env_steps after an event in which no other counts."""

WINDOWS = (1, 2, 5, 10)
"""env_steps within which agents must have held a condition."""

BINS = (4, 8, 16, 64)
"""Bins of a feature's range for novelty."""

SCHEDULE_ENDS = (50, 100, 200, 400)
"""Ends of a schedule, percents of a stage's env_steps."""

FLOORS = (0, 10, 25, 50)
"""Factors on the weight at the end of a schedule, percents."""

ALPHAS = (0, 25, 50, 75, 100)
"""Shares of an agent's own shaping, percents; at 100 nothing is mixed."""
