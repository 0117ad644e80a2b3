"""The loop: a pure decision, a journal, and the conductor that carries decisions out."""
