"""Where people log: a campaign's journal, sent to TensorBoard, Weights & Biases or MLflow.

    entries(records) → all entries, in order       Tracker.tell(entries) sends what it does not have yet

No tracker can hold up a campaign: a process of its own reads the store and sends. What there
is to send is a function of the journal alone, so sending again, or continuing after a crash, adds nothing twice.
"""
