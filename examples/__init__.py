"""Tasks of your own, shown: each module here is one that a campaign file names by import path."""
