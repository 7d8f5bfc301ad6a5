"""SQLite: the only truth about conversations."""
