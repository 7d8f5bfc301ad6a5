"""The child process that holds the model; only code here imports llama_cpp or LangChain."""
