"""GGUF files on this computer: headers, names, where they are."""
