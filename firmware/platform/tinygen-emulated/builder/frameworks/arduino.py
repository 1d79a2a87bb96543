"""An Arduino core that is installed on this machine, compiled as the Arduino IDE does."""

import sys
from pathlib import Path

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
build = env.BoardConfig().get("build")
installed = Path(build["arduino_core"])
core = installed / "cores" / "arduino"
variant = installed / "variants" / build["arduino_variant"]
if not core.is_dir():
    sys.stderr.write(f"Error: the Arduino core {core} is not installed\n")
    env.Exit(1)

env.Append(
    CFLAGS=["-std=gnu11"],  # named address spaces are an extension
    CXXFLAGS=["-std=gnu++11", "-fpermissive"],
    CPPDEFINES=[("F_CPU", "$BOARD_F_CPU"), ("ARDUINO", 10819)],
    CPPPATH=[str(core), str(variant)],
    LIBSOURCE_DIRS=[str(installed / "libraries")],
)

# The core is not ours to warn about.
core_env = env.Clone()
core_env.Append(CCFLAGS=["-w"])
env.Prepend(LIBS=[core_env.BuildLibrary("$BUILD_DIR/FrameworkArduino", str(core))])
