"""The command line in a process that cannot import TensorFlow or Keras."""

from __future__ import annotations

import sys

from tinygen.__main__ import main

if __name__ == "__main__":
    for name in ("tensorflow", "keras", "tf_keras"):
        sys.modules[name] = None  # type: ignore[assignment]
    main()
