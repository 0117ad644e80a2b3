"""Asking an LLM: one question in, one checked answer out, and nothing lost on the way.

question → stored prompt → call → stored raw reply → checked answer, or why there is none
"""
