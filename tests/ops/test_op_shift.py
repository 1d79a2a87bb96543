"""SHIFT: the same bytes at another place, on the host and on the cores, over itself too."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.ops.cores import KERNELS
from tests.ops.harness import FLAGS, case, check, int8
from tinygen.ops.shift import Shift


def test_shift(tmp_path: Path) -> None:
    shapes = ((1, 1), (1, 3, 5), (1, 16, 16, 3))
    check([case(Shift(), [int8(s, 0.1)], [int8(s, 0.1)], name=str(s)) for s in shapes], tmp_path)


_OVER_ITSELF = """
#include <stdlib.h>
#include "portable/tg_move.h"

enum { BYTES = 128 };

/* Every length between any two places of a buffer that are multiples of four. */
int main(void) {
  for (int32_t count = 0; count <= 64; ++count) {
    const struct tg_portable_move_params params = {count};
    for (int32_t from = 0; from + count <= BYTES; from += 4) {
      for (int32_t to = 0; to + count <= BYTES; to += 4) {
        uint32_t words[BYTES / 4];
        int8_t *bytes = (int8_t *)words;
        for (int32_t i = 0; i < BYTES; ++i) bytes[i] = (int8_t)(7 * i);
        tg_portable_move(&params, bytes + from, bytes + to);
        for (int32_t i = 0; i < BYTES; ++i) {
          const int moved = to <= i && i < to + count;
          if (bytes[i] != (int8_t)(7 * (moved ? from + i - to : i))) abort();
        }
      }
    }
  }
  return 0;
}
"""


def test_a_place_that_overlaps_the_first(tmp_path: Path) -> None:
    source, binary = tmp_path / "moves.c", tmp_path / "moves"
    source.write_text(_OVER_ITSELF, encoding="utf-8")
    subprocess.run(["gcc", *FLAGS, f"-I{KERNELS}", source, "-o", binary], check=True)
    subprocess.run([binary], check=True)
