"""Whether the learner learns: every algorithm on published tasks, ten seeds beside each other in one process."""
