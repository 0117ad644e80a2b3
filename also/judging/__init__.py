"""Judging minds without training: recorded situations are put to them, and their answers are scored.

    situation (a moment of a recorded campaign, with a planted failure)
        → critic → diagnosis                            does it agree with what was planted?
        → the rules' diagnosis → generator → candidates do they answer it, pass the screen, and differ?

The recorded campaigns are real: `benchmarks/record_situations.py` ran them. Minds are asked exactly what their
campaigns would ask, by the same code, and each for itself.
"""
