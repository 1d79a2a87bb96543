"""Builds a program with the GNU toolchain on PATH, from the board's own numbers.

Everything that differs between boards is in boards/<id>.json; nothing is decided here. A board with
memories of its own is bare metal: our linker script, no start-up but the program's own. Else a
framework or an operating system brings both.
"""

from pathlib import Path

from SCons.Script import AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
build = env.BoardConfig().get("build")
prefix = build["toolchain"] + "-"
bare = "memory" in build

# No machine's folders in the program: not in debug information, not in __FILE__.
project_dir = env.subst("$PROJECT_DIR")
# Between $( and $) for SCons: the folder does not count when a cached object is looked for.
reproducible = ["$(", f"-f{build['prefix_map']}-prefix-map={project_dir}=.", "$)"]

env.Replace(
    AR=prefix + "gcc-ar",
    AS=prefix + "gcc",
    CC=prefix + "gcc",
    CXX=prefix + "g++",
    OBJCOPY=prefix + "objcopy",
    RANLIB=prefix + "gcc-ranlib",
    SIZETOOL=prefix + "size",
    ARFLAGS=["rcD"],
    PROGNAME="firmware",
    PROGSUFFIX=".elf",
    SIZEPROGREGEXP=r"^(?:\.vectors|\.text|\.rodata|\.ARM\.exidx|\.data)\s+(\d+).*",
    SIZEDATAREGEXP=r"^(?:\.stack|\.data|\.bss|\.noinit)\s+(\d+).*",
    SIZECHECKCMD="$SIZETOOL -A -d $SOURCES",
    SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
)

env.Append(
    ASFLAGS=build["core_flags"] + ["-x", "assembler-with-cpp"],
    CCFLAGS=build["core_flags"]
    + reproducible
    + ["-O2", "-g", "-Wall", "-Wextra", "-ffunction-sections", "-fdata-sections"],
    CXXFLAGS=["-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"],
    CPPDEFINES=[tuple(define) for define in build["defines"]],
    LINKFLAGS=build["core_flags"]
    + ["-O2", "-Wl,--gc-sections", "-Wl,--fatal-warnings", "-Wl,--build-id=none"]
    + build["link_flags"],
    LIBS=["m", "c", "gcc"],
)

if not env.get("PIOFRAMEWORK"):
    env.Append(CFLAGS=["-std=c11"], CXXFLAGS=["-std=c++17"])

if bare:
    env.Replace(LINK="$CC")  # C++'s library is not linked: it would bring a heap
    env.Append(
        LINKFLAGS=["-nostartfiles"]
        + [f"-Wl,--defsym={name}={value:#x}" for name, value in sorted(build["memory"].items())],
        # Relative to the project, which is where PlatformIO builds.
        LDSCRIPT_PATH=str(Path(env.PioPlatform().get_dir()) / "bare.ld"),
    )


def for_size(env, node):
    """What talks and starts waits for the line: it is compiled for size, whatever the model is.

    Guesses at what branches do only lay it out in more bytes: 42 of them on a Cortex-M4.
    """
    return env.Object(node, CCFLAGS=[*env["CCFLAGS"], "-Os", "-fno-guess-branch-probability"])


for folder in ("hal", "protocol"):
    env.AddBuildMiddleware(for_size, f"*/src/{folder}/*.c")

CONSTRUCTORS = (b".init_array", b".ctors")


def keep_constructors(source, env, **_):
    """Objects with constructors bring the code that calls them; other programs have none of it."""
    libraries = [node for node in env.Flatten(env["LIBS"]) if not isinstance(node, str)]
    texts = (Path(str(node)).read_bytes() for node in [*source, *libraries])
    if any(section in text for text in texts for section in CONSTRUCTORS):
        env.Append(LINKFLAGS=["-Wl,-u,tg_construct_main"])


program = env.BuildProgram()
if bare:
    env.AddPreAction(program, env.Action(keep_constructors, None))
target_size = env.AddPlatformTarget(
    "size",
    program,
    env.VerboseAction("$SIZEPRINTCMD", "Calculating size $SOURCE"),
    "Program Size",
    "Calculate program size",
)
AlwaysBuild(env.Alias("nobuild", program))
Default([env.Alias("buildprog", program), target_size])
