"""Foreign templates, rendered in a process of their own: chat templates and prompts."""
