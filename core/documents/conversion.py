"""Formats that LibreOffice opens and Pincite does not: saved anew as Word, Excel or PowerPoint."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import DocumentError

_TIMEOUT_S = 90
_NAMES = {
    "doc": "an old Word file (.doc)",
    "rtf": "a rich text file (.rtf)",
    "odt": "an OpenDocument text (.odt)",
    "xls": "an old Excel file (.xls)",
    "ods": "an OpenDocument spreadsheet (.ods)",
    "ppt": "an old PowerPoint file (.ppt)",
    "odp": "an OpenDocument presentation (.odp)",
}
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
 <item oor:path="/org.openoffice.Office.Common/Security/Scripting">
  <prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
  <prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop>
  <prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
  <prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
 </item>
 <item oor:path="/org.openoffice.Office.Writer/Content/Update">
  <prop oor:name="Link" oor:op="fuse"><value>2</value></prop>
 </item>
 <item oor:path="/org.openoffice.Office.Calc/Content/Update">
  <prop oor:name="Link" oor:op="fuse"><value>2</value></prop>
 </item>
</oor:items>
"""
"""No macros, no active content, no links followed: the file may be hostile."""

_GUARD = """
import os, signal, subprocess, sys, threading
def end():
    os.killpg(0, signal.SIGKILL)
def end_with_the_reader():
    sys.stdin.buffer.read()
    end()
threading.Thread(target=end_with_the_reader, daemon=True).start()
subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL)
end()
"""
"""Leads the group of LibreOffice's processes, which ends as one with the program or the reader."""


@contextmanager
def converted(path: Path, kind: str, target: str) -> Iterator[Path]:
    """A copy of the file saved as ``target`` (``docx``, ``xlsx`` or ``pptx``), while this lasts.

    Raises ``DocumentError`` when LibreOffice is not installed, fails or takes too long.
    """
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        raise DocumentError(
            f"This file is {_NAMES[kind]}, which Pincite reads with LibreOffice, and LibreOffice "
            "is not installed on this machine.",
            f"Install LibreOffice here, or save the file as .{target} or PDF, and add it again.",
        )
    with TemporaryDirectory(prefix="pincite-") as folder:
        yield _convert(program, path, kind, target, Path(folder))


def _convert(program: str, path: Path, kind: str, target: str, folder: Path) -> Path:
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
    source = folder / f"document.{kind}"
    shutil.copyfile(path, source)
    command = [
        *(program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore"),
        *("--nolockcheck", "--nodefault", "--nofirststartwizard", "--convert-to", target),
        *("--outdir", str(folder / "saved"), str(source)),
    ]
    with subprocess.Popen(  # noqa: S603 - the program is the one on the PATH, the names are ours
        [sys.executable, "-I", "-S", "-c", _GUARD, *command],
        stdin=subprocess.PIPE,  # closes with this process, whatever ends it
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_limited,
    ) as guard:
        try:
            guard.wait(_TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            os.killpg(guard.pid, signal.SIGKILL)
            raise _failed(kind, target) from error
    saved = folder / "saved" / f"document.{target}"
    if not saved.is_file():
        raise _failed(kind, target)
    return saved


def _limited() -> None:
    """Seconds of work, for LibreOffice and what it starts: they end even if nobody waits."""
    resource.setrlimit(resource.RLIMIT_CPU, (_TIMEOUT_S, _TIMEOUT_S))


def _failed(kind: str, target: str) -> DocumentError:
    return DocumentError(
        f"This file is {_NAMES[kind]}, and LibreOffice could not open it: it is damaged, "
        "protected or too large.",
        f"Open it in the program that made it, save it as .{target} or PDF, and add that.",
    )
