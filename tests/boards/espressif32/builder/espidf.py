"""What Espressif's platform does with a project of ESP-IDF, as far as its libraries go: CMake
tells the sources of the project, PlatformIO's finder the include folders of its libraries and
their objects.

Neither ESP-IDF nor its headers are here: the port's own files are left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from platformio.builder.tools.piolib import ProjectAsLibBuilder
from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
source = Path(env.subst("$PROJECT_SRC_DIR"))


def of_libraries() -> list[str]:
    """The include folders of what the project's sources ask for."""
    project = ProjectAsLibBuilder(env, "$PROJECT_DIR")
    project.search_deps_recursive()
    found = [library for library in env.GetLibBuilders() if library.dependent]
    DefaultEnvironment().Replace(__PIO_LIB_BUILDERS=None)
    return [folder for library in found for folder in library.get_include_dirs()]


def by_cmake(node: Any) -> Any:
    """PlatformIO itself compiles nothing of the sources' folder."""
    return None if node.srcnode().get_path().startswith(str(source)) else node


env.AddBuildMiddleware(by_cmake)
compiled = env.Clone()
# The project says where the model's headers are; here the finder alone is to know.
compiled.Replace(CPPPATH=[f for f in env["CPPPATH"] if "lib/model" not in str(f)])
compiled.AppendUnique(CPPPATH=of_libraries())
for path in [*sorted(source.glob("protocol/*.c")), source / "app.c"]:
    target = f"$BUILD_DIR/cmake/{path.stem}.o"
    env.Append(PIOBUILDFILES=[compiled.StaticObject(target=target, source=str(path))])
