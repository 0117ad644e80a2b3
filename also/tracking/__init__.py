"""Where people log: a campaign's journal, told to TensorBoard, Weights & Biases or MLflow.

    entries(records) → what is to be told, in order       Tracker.tell(entries) → what it has not been told yet

Nothing of it is in the way of a campaign: whoever tells a tracker reads the store, in a process of its own. What there
is to tell is a function of the journal alone, so that telling again, or going on after a crash, adds nothing twice.
"""
