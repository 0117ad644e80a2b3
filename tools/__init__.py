"""Programs for people who work on ALSO itself; nothing here is installed."""
