"""The prompt as it is: the exact text that the model gets."""
