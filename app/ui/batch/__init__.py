"""A prompt over the rows of a table; a conversation as a script."""
