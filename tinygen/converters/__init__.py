"""What runs in the environments of `tinygen.convert`: imports nothing else of tinygen."""
