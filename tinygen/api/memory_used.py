"""Whether the memory that a device used is what it has: its stack, and its arena."""

from __future__ import annotations

from tinygen.boards import Board, StackMark
from tinygen.devices.link.hello import Hello
from tinygen.engines.tflm import arena
from tinygen.errors import DeviceError
from tinygen.printable import shell_word
from tinygen.project.folder import Project
from tinygen.project.naming import MODEL


def full_stack(project: Project, board: Board, used: int) -> DeviceError | None:
    """The error for a stack that has come to its end: what lay there may be overwritten, although
    the outputs are right. None where it has not, or nobody knows."""
    room = board.stack_bytes
    if board.stack_mark is StackMark.AVR:  # it ends where the variables begin, in between is room
        firmware = project.manifest.firmware
        if firmware is None:
            return None
        room = board.memory.ram.bytes - firmware.bytes.ram_static - firmware.bytes.arena
    if used < room:
        return None
    return DeviceError(
        f"the stack came to its end on the device: {used:,} of {room:,} bytes",
        why="what lies behind it may have been overwritten, so outputs that are right prove little",
        next_step="give the board more stack (stack_bytes of its board file), then build again",
    )


def enough_arena(hello: Hello | None, overhead: int | None) -> int | None:
    """A smaller arena that would do: starting takes `overhead` bytes more than are used then."""
    if hello is None or overhead is None:
        return None
    enough = arena.aligned(hello.arena_used + overhead)
    return enough if enough < hello.arena_bytes else None


def with_arena(project: Project, enough: int) -> str:
    """What builds the project with an arena of so many bytes, and else as it was built."""
    manifest, told = project.manifest, project.manifest.told
    given = {
        "--board": manifest.board.id,
        "--engine": manifest.engine,
        "--kernel-set": told.kernel_set,
        "--npu": told.npu,
        "--arena": str(enough),
        "--name": None if manifest.model.c_name == MODEL else manifest.model.c_name,
        "--out": str(project.path),
        "--data": None if manifest.data is None else manifest.data.source,
    }
    words = ["tinygen build", shell_word(manifest.model.source.file)]
    words += [f"{name} {shell_word(value)}" for name, value in given.items() if value is not None]
    words += ["--debug"] * told.debug + ["--keep-edges"] * told.keep_edges
    return " ".join(words)
