"""Instructions that one inference takes on a board with Linux, counted in QEMU's user mode by a
plugin: `python -m tests.counting.user_mode MODEL.tflite qemu-aarch64 [OPTIMIZE [KERNEL_SET]]`.

They are no time: how long a Cortex-A takes for one, nothing here knows.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import tinygen
from tinygen.boards import Linux, get_board
from tinygen.devices import user_mode

_PLUGIN = Path(__file__).with_name("user_mode.c")
_MAIN = """#include <stdlib.h>

#include "model.h"

int main(int argc, char **argv) {
  if (argc != 2 || model_init() != MODEL_OK) {
    return 1;
  }
  for (int left = atoi(argv[1]); left > 0; left--) {
    if (model_invoke() != MODEL_OK) {
      return 1;
    }
  }
  return 0;
}
"""


def instructions(
    model: Path, board_id: str, optimize: str = "balanced", kernel_set: str | None = None
) -> int:
    """Of one inference of the engine aot, compiled as the board's project is; inputs are zero."""
    board = get_board(board_id)
    assert board.toolchain is not None
    assert isinstance(board.device, Linux)
    with tempfile.TemporaryDirectory(prefix="tinygen-count-") as folder:
        project, plugin = Path(folder) / "p", Path(folder) / "count.so"
        tinygen.generate(
            model, board=board_id, out=project, optimize=optimize, kernel_set=kernel_set
        )
        told = json.loads((project / "lib" / "model" / "library.json").read_text("utf-8"))
        library = project / "lib" / "model" / "src"
        main, program = Path(folder) / "main.c", Path(folder) / "main.elf"
        main.write_text(_MAIN)
        includes = [f"-I{path}" for path in (library, *library.rglob("*")) if path.is_dir()]
        sources = sorted(library.rglob("*.c"))
        flags = (*board.toolchain.core_flags, "-std=c11", *told["build"]["flags"])
        gcc = [f"{board.toolchain.prefix}-gcc", *flags, "-static"]
        subprocess.run([*gcc, *includes, main, *sources, "-lm", "-o", program], check=True)
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", _PLUGIN, "-o", plugin], check=True)
        start = [*user_mode.command(board.device), "-plugin", str(plugin), str(program)]

        def executed(inferences: int) -> int:
            done = subprocess.run(
                [*start, str(inferences)], capture_output=True, text=True, check=True
            )
            return int(done.stderr)

        return (executed(3) - executed(1)) // 2


if __name__ == "__main__":
    print(f"{instructions(Path(sys.argv[1]), *sys.argv[2:5]):,} instructions")
