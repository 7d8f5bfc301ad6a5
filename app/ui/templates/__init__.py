"""The chat template of a model: what the doctor found, and known good ones in its place."""
