"""Larger architectures for pictures, as Keras has them, at several widths and sizes."""
