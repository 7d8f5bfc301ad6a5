"""What the model is told of a conversation, to be seen and steered: the ledger, marks, dialogs."""
