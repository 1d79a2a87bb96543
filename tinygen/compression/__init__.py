"""Smaller models of a Keras 3 model: what can be removed, training, and the search among them."""
