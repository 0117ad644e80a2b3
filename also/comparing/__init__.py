"""Several campaigns, compared: groups of seeds, what they came to, and how sure that is.

Nothing here writes into a store. The study in `benchmarks/` measures by the same curve and the same statistics.
"""
