"""Pictures of episodes: from what the trainer tells of each state to images, GIFs, pages and text.

Nothing here knows of a task: an episode is a ground, things on it, and what each env_step paid (`episode.proto`).
"""
