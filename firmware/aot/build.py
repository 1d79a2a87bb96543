"""How the model is compiled: for speed, where the framework compiles everything for size.

A script of PlatformIO, which runs it before the build and hands it every source file's node.
"""

from SCons.Script import Import

Import("env")
env = globals()["env"]


def for_speed(env, node):
    """A step that compiles a file with -O2, which comes last and so counts."""
    return env.Object(node, CCFLAGS=env["CCFLAGS"] + ["-O2"])


env.AddBuildMiddleware(for_speed, "*/src/model/model.c")
