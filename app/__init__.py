"""Inglenook: a desktop application for chatting with open language models, offline."""

__version__ = "0.1.0"
