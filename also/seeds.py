"""Seeds of everything random, derived by name from the campaign's seed.

A name fixes its seed whatever else is drawn, so adding an arm or a stage never moves another
one's random stream, and the three seed pools cannot meet.
"""

import hashlib

SEED_LIMIT = 2**53
"""Seeds lie in [0, SEED_LIMIT): JSON readers keep such numbers exact."""


def derive(seed: int, *names: str | int) -> int:
    """Seed of a named stream.

    Args:
        seed: seed of the campaign, in [0, 2^53).
        names: what the stream is for, e.g. `("branch", "confirm", stage, round, index)`.

    Returns:
        The first 53 bits of sha256 over seed and names, in [0, 2^53).
    """
    text = "/".join([str(seed), *(str(name) for name in names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 11
