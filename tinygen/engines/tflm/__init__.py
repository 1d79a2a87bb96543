"""The tflm engine: TensorFlow Lite Micro's interpreter, built from upstream's own sources."""
