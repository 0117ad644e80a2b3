"""How a round of validation is judged: a pure function of what its branches measured.

The validator trains branches and asks here what they prove; `also replay` asks again from the
journal, and must get the same answer. No I/O, no clock, no chance that is not seeded.
"""
