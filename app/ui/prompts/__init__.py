"""The prompt library in the hands of a person: form, list, editor, and the ways to start one."""
