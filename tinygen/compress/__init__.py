"""Smaller models of a Keras model: what can be removed, training, and the search among them."""
