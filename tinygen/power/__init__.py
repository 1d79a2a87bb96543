"""What an inference takes of a battery: recordings of current, and the energy that is in them."""

from __future__ import annotations

from tinygen.power.csv_recording import read_csv
from tinygen.power.energy import Energy, Spread, energy
from tinygen.power.instruments import INSTRUMENTS, instrument
from tinygen.power.recording import Recording

__all__ = ["INSTRUMENTS", "Energy", "Recording", "Spread", "energy", "instrument", "read_csv"]
