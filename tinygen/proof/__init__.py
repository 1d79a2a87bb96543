"""What is true of a model, and whether a device computed it: oracle, vectors, verdict."""
