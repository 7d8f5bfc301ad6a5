"""Conversations out of and into the app: files of other programs and formats, without Qt or SQL."""
