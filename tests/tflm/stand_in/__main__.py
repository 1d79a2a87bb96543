"""The command line of tinygen, with the stand-in's pins in place of upstream's."""

from __future__ import annotations

from tests.tflm.stand_in import in_place
from tinygen.cli import main

with in_place():
    main()
