"""Processes that begin as copies of one that has loaded what they need: a fork server and its requester.

    requester                    fork server (has loaded the modules)
        │  request, descriptors       │
        ├────────────────────────────►│ fork ──► child: main() of its module
        │◄────────────────────────────┤
        │  process id, then exit code │

A forked child has what `lifeline.spawn` gives: a session, a lifeline that only the requester holds,
an output, a log, an environment. What it lacks is the second that PyTorch takes to load.
"""
