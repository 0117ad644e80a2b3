"""What episodes look like: which are shown, and how a state of each kind of task becomes things at places.

Nothing here draws: that is `also/showing`, on the machine of whoever looks.
"""
