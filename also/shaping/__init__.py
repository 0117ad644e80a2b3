"""What a shaping config may say: pure rules, bounds and errors. No torch here."""
