"""Ctrl-C while building ended once in a while with a whole build and exit code 0: Python drops an
exception that comes in a destructor or a callback, KeyboardInterrupt too. While the command line
was still imported it ended in a traceback, or by the signal although it had said "interrupted".
"""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.runner import environment

_WHERE = {
    "a destructor": """
class Thing:
    def __del__(self):
        wait()
Thing()
""",
    "a callback": """
class Thing:
    pass
thing = Thing()
held = weakref.ref(thing, lambda _: wait())
del thing
""",
    "somebody else's code": """
try:
    wait()
except BaseException:
    pass
""",
    "a dataclass": "exec('wait()')",
}
_COMMAND = """
import sys, time, types, weakref

def wait():
    print("ready", flush=True)
    time.sleep(60)

def command():
    {body}
    time.sleep(60)
    print("went on")

{imported}
from tinygen.__main__ import main
main()
"""
_RUNS = "sys.modules['tinygen.cli'] = types.SimpleNamespace(main=command)"
_IS_IMPORTED = """
class Finder:
    @staticmethod
    def find_spec(name, path, target=None):
        if name == "tinygen.cli":
            command()
sys.meta_path.insert(0, Finder)
"""


@pytest.mark.parametrize("imported", [_RUNS, _IS_IMPORTED], ids=["running", "importing"])
@pytest.mark.parametrize("where", _WHERE)
def test_it_ends_the_command_all_the_same(where: str, imported: str) -> None:
    body = _WHERE[where].strip().replace("\n", "\n    ")
    line = [sys.executable, "-c", _COMMAND.format(body=body, imported=imported)]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, env=environment(), stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)
    assert said == ("", "\ninterrupted\n")
    assert process.returncode == 130
