"""VDN and QMIX for R replicas at once: one Q of the team, learnt from a replay of whole episodes.

`episodes` plays and records, `replay` keeps, `batch` prices what is drawn, `learner` learns; `actor` acts by the
agents' own Qs, `exploration` says how often at random, and `mixer` makes the team's Q of theirs.
"""
