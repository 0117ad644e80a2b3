"""Several campaigns, compared: groups of seeds, their results, and how sure these are.

Nothing here writes into a store. The study in `benchmarks/` measures by the same curve and the same statistics.
"""
