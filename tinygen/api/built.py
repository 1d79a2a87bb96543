"""Which firmware a project is, by its sources as they are now, and whether a device runs that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinygen import pio
from tinygen.boards import Board
from tinygen.devices.link import Hello
from tinygen.errors import DeviceError, InputError
from tinygen.pio import elf
from tinygen.pio.elf import Stamp
from tinygen.printable import shell_word
from tinygen.project import build_id
from tinygen.project.folder import Project


@dataclass(frozen=True)
class Built:
    """A project's build id in hexadecimal, and the ELF file of its last build.

    `elf` is None where there is none, `stamp` where it does not say which firmware it is.
    """

    project: Project
    board: Board
    build_id: str
    elf: Path | None
    stamp: Stamp | None

    @property
    def current(self) -> bool:
        """Whether the ELF file is built of the sources as they are now."""
        return self.stamp is not None and self.stamp.build_id == self.build_id

    def require_current(self) -> Path:
        """The ELF file; InputError where the project was not built, or edited since."""
        if self.elf is None:
            raise InputError(
                f"{self.project.path} has not been built",
                why="there is no ELF file",
                next_step="tinygen build MODEL --board BOARD",
            )
        if not self.current:
            was = f"of build {_short(self.stamp.build_id)}" if self.stamp else "by an older tinygen"
            raise InputError(
                f"{self.project.path} has changed since it was built",
                why=f"its sources are build {_short(self.build_id)}, its ELF file was made {was}",
                next_step=self._build_again,
            )
        return self.elf

    def require_this(self, hello: Hello) -> None:
        """DeviceError unless the device runs this very firmware, has the tensors that it says, and
        started."""
        self.require_on(hello)
        self.require_tensors(hello)
        hello.require_ready()

    def require_tensors(self, hello: Hello) -> None:
        """DeviceError where its tensors are others: a device is not trusted to have those of the
        firmware that it names."""
        model = self.project.manifest.model
        for told, known in ((hello.inputs, model.inputs), (hello.outputs, model.outputs)):
            device, project = (
                ", ".join(f"{edge.nbytes} bytes of {edge.dtype.value}" for edge in edges)
                for edges in (told, known)
            )
            if device != project:
                raise DeviceError(
                    f"the device has tensors of {device}, the project of {project}",
                    why="its description is not that of the firmware which it names",
                    next_step=f"tinygen flash {shell_word(self.project.path)}",
                )

    def require_on(self, hello: Hello) -> None:
        """DeviceError unless the device says that it runs this very firmware.

        What differs is named for both: the model, the board, the engine, else the builds.
        """
        project, flash = self.project, f"tinygen flash {shell_word(self.project.path)}"
        engine = project.manifest.engine
        ids = (
            f"build {_short(hello.build_id)} on the device, {_short(self.build_id)} in the project"
        )
        if hello.model_sha256 != project.model_sha256:
            raise DeviceError(
                f"the device runs {hello.model} ({hello.model_sha256[:12]}), "
                f"the project is {project.model} ({project.model_sha256[:12]})",
                why="the firmware on this port was built from another model",
                next_step=flash,
            )
        if hello.board != self.board.id:
            raise DeviceError(
                f"the device's firmware is for {hello.board}, the project's for {self.board.id}",
                why=ids,
                next_step=flash,
            )
        if hello.engine != engine:
            raise DeviceError(
                f"the device runs the engine {hello.engine}, the project has {engine}",
                why=ids,
                next_step=flash,
            )
        if hello.build_id != self.build_id:
            edited = self.stamp is not None and self.stamp.build_id == hello.build_id
            raise DeviceError(
                f"the device runs build {_short(hello.build_id)}, "
                f"the project is build {_short(self.build_id)}",
                why="the project has changed since it was built and flashed"
                if edited
                else "the firmware was built from other sources: another kernel set, other "
                "options, an edit",
                next_step=flash if self.current else f"{self._build_again}; then {flash}",
            )
        if self.current and self.stamp is not None and hello.compiler != self.stamp.compiler:
            raise DeviceError(
                f"the device's firmware was compiled by version {hello.compiler}, "
                f"the project's by {self.stamp.compiler}",
                why="the sources are the same, the compiler is not",
                next_step=flash,
            )

    @property
    def _build_again(self) -> str:
        path = shell_word(self.project.path)
        return f"tinygen build, or after an edit of your own: pio run -d {path}"


def look(project: Project, board: Board) -> Built:
    """What `project` is now. InputError and ToolchainError for what cannot be read."""
    try:
        sources = build_id.build_id(project.path).hex()
    except OSError as error:
        raise InputError(
            f"the sources in {project.path} cannot be read",
            why=str(error),
            next_step="look at the file's permissions",
        ) from error
    file = pio.elf_file(project.path, board.id)
    if not file.is_file():
        return Built(project, board, sources, None, None)
    return Built(project, board, sources, file, elf.stamp(file))


def _short(build_id: str) -> str:
    """As people see it."""
    return build_id[:12]
