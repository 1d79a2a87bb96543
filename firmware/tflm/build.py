"""How upstream's sources are compiled: the core for size, kernels for speed, as upstream does.

A script of PlatformIO, which runs it before the build and hands it every source file's node.
"""

from SCons.Script import Import

Import("env")
env = globals()["env"]


def compile_as(level):
    """A step that compiles a file at this level, with neither warnings nor debug information."""

    def step(env, node):
        return env.Object(node, CCFLAGS=env["CCFLAGS"] + [level, "-g0", "-w"])

    return step


env.AddBuildMiddleware(compile_as("-Os"), "*/src/tflm/core.cc")
env.AddBuildMiddleware(compile_as("-O2"), "*/src/tflm/kernels/*")
