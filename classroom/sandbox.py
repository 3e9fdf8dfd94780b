"""The kernel in which students' code runs: IPython in a sandbox (Linux, bubblewrap).

Jupyter starts this file with the kernel's connection file. It replaces itself by `bwrap`,
which gives the kernel a file system that holds Python, this course's package and an empty
folder in memory, and nothing else: no home, no submissions, no solutions, no gradebook. It
has no network (the kernel's sockets are files), sees no other process, has no privileges
and can't get any, and ends with its parent. `prlimit` bounds the memory and the size of files.
Only the standard library is used here, besides the settings: this runs before everything else.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.environment import KERNEL_ENVIRONMENT

ROOT = Path(__file__).resolve().parents[1]
GB = 1024**3
FILES_BYTES = 1 * GB  # all files that the student's code writes; they lie in memory, besides its own
SHARED_BYTES = GB // 16  # /dev/shm
ENVIRONMENT = {
    **KERNEL_ENVIRONMENT,
    "HOME": "/tmp",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONPATH": str(ROOT),  # of which the sandbox sees `ae_helpers` only
    "NBGRADER_EXECUTION": "autograde",
}


def bwrap():
    """Path of bubblewrap's program, or None."""
    return shutil.which("bwrap") if sys.platform == "linux" else None


def kernel_command(connection_file):
    """IPython's kernel; what C++ code writes to stderr stays out of the cells."""
    return [
        sys.executable, "-m", "ipykernel_launcher", "-f", str(connection_file),
        "--IPKernelApp.capture_fd_output=False", "--HistoryManager.hist_file=:memory:",
    ]  # fmt: skip


def sandboxed(command, *, writable, memory_bytes):
    """`command` as a list for `exec`, in the sandbox; `writable` is the one folder that it shares with us."""
    system = [path for path in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32") if os.path.exists(path)]
    python = {Path(sys.base_prefix), Path(sys.prefix), Path(sys.executable).resolve().parents[1]}
    python |= {path.resolve() for path in python}  # as it is called, and where it is
    readable = [*system, *sorted(str(path) for path in python if not path.is_relative_to("/usr"))]
    options = ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    options += ["--cap-drop", "ALL", "--clearenv"]
    options += ["--proc", "/proc", "--dev", "/dev", "--size", str(SHARED_BYTES), "--tmpfs", "/dev/shm"]
    options += ["--size", str(FILES_BYTES), "--tmpfs", "/tmp"]
    for path in [*readable, str(ROOT / "ae_helpers")]:  # behind /tmp, for the course may lie in it
        options += ["--ro-bind", path, path]
    for path in ("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives"):
        options += ["--ro-bind-try", path, path]
    options += ["--bind", str(writable), str(writable)]
    options += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    for name, value in ENVIRONMENT.items():
        options += ["--setenv", name, value]
    limits = [f"--data={memory_bytes}", f"--fsize={FILES_BYTES}", "--core=0"]
    return [bwrap(), *options, "--", "prlimit", *limits, "--", *command]


def check_sandbox():
    """Raise a RuntimeError, with bubblewrap's words, if the sandbox does not start on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        probe = [sys.executable, "-c", "import ipykernel, ae_helpers"]
        command = sandboxed(probe, writable=os.path.realpath(folder), memory_bytes=4 * GB)
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise RuntimeError(f"The sandbox does not start here: {done.stderr.strip()}")


def main():
    connection_file = Path(sys.argv[1]).resolve()
    command = kernel_command(connection_file)
    if os.environ.get("CLASSROOM_SANDBOX") != "off":
        if bwrap() is None:
            sys.exit("The sandbox needs Linux and bubblewrap: sudo apt install bubblewrap")
        if connection_file.parent != Path(os.environ["CLASSROOM_RUNTIME"]).resolve():
            sys.exit(f"The kernel's connection file lies in {connection_file.parent}, which is not its own folder.")
        memory_bytes = int(float(os.environ["CLASSROOM_MEMORY_GB"]) * GB)
        command = sandboxed(command, writable=connection_file.parent, memory_bytes=memory_bytes)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
