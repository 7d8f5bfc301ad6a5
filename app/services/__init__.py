"""What the application does, without Qt, SQL or HTTP."""
