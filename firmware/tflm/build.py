"""How upstream's sources are compiled: the core for size, kernels for speed, as upstream does.

A script of PlatformIO, which runs it before the build and hands it every source file's node.
"""

from SCons.Script import Import

Import("env")
env = globals()["env"]


def compile_as(*flags):
    """A step that compiles a file with these flags, in the language that upstream is written in.

    That is C++17 without exceptions: with them, placement new asks for a delete that upstream makes
    private. And without the types of objects, which the C++ library would have to know. Only files
    that include upstream's headers: a framework's own may not be C++17 (a macro `abs` breaks
    <chrono>, which has one of its own since then).
    """

    def step(env, node):
        old = ("-std=gnu++11", "-std=gnu++14")
        cxxflags = [flag for flag in env["CXXFLAGS"] if flag not in old]
        if not any(flag.startswith("-std=") for flag in cxxflags):
            cxxflags.append("-std=gnu++17")  # GCC before 11 takes C++14 if nothing is said
        ccflags = [*env["CCFLAGS"], "-fno-exceptions", "-fno-rtti", *flags]
        return env.Object(node, CXXFLAGS=cxxflags, CCFLAGS=ccflags)

    return step


# Upstream's files with neither warnings nor debug information.
env.AddBuildMiddleware(compile_as("-Os", "-g0", "-w"), "*/src/tflm/core.cc")
env.AddBuildMiddleware(compile_as("-O2", "-g0", "-w"), "*/src/tflm/kernels/*")
env.AddBuildMiddleware(compile_as(), "*/src/tflm/tg_*.cc")
env.AddBuildMiddleware(compile_as(), "*/src/tflm/model_operators.cc")
