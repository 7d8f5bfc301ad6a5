"""Assistants in the window: the dialog, who a conversation begins with, who it is with."""
