"""The kernel in which students' code runs: IPython in a sandbox (Linux, bubblewrap).

Jupyter starts this file with the kernel's connection file. It replaces itself by `bwrap`,
which gives the kernel a file system that holds Python, this course's package and an empty
folder in memory, and nothing else: no home, no submissions, no solutions, no gradebook. It
has no network (the kernel's sockets are files), sees no other process, has no privileges
and can't get any, and ends with its parent. `prlimit` bounds memory, files and processes.

`bwrap` is process 1 of the sandbox, which can read its environment, command line and open
files. So it starts with an empty environment, its options in a file without a name, and
nothing open. Only the standard library is used here: this runs before everything else.
"""

import ctypes
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # Jupyter starts this as a program
    sys.path.insert(0, str(ROOT))

from tools.environment import KERNEL_ENVIRONMENT  # noqa: E402

GB = 1024**3
FILES_BYTES = 1 * GB  # all files that the student's code writes; they lie in memory, besides its own
SHARED_BYTES = GB // 16  # /dev/shm
TASKS = 1000  # processes and threads; the system holds nobody to it who is root
# One thread: cores are shared among submissions, and sums don't depend on how many there are.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
ENVIRONMENT = {
    **KERNEL_ENVIRONMENT,
    **dict.fromkeys(THREADS, "1"),
    "HOME": "/tmp",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONPATH": str(ROOT),  # of which the sandbox sees `ae_helpers` only
    "NBGRADER_EXECUTION": "autograde",
}


def bwrap():
    """Path of bubblewrap's program, or None."""
    return shutil.which("bwrap")


def kernel_command(connection_file):
    """IPython's kernel; what C++ code writes to stderr stays out of the cells."""
    return [
        sys.executable, "-m", "ipykernel_launcher", "-f", str(connection_file),
        "--IPKernelApp.capture_fd_output=False", "--HistoryManager.hist_file=:memory:",
    ]  # fmt: skip


def readable():
    """The folders of this machine that the sandbox sees, read-only."""
    system = [path for path in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32") if os.path.exists(path)]
    python = {Path(sys.base_prefix), Path(sys.prefix), Path(sys.executable).resolve().parents[1]}
    python |= {path.resolve() for path in python}  # as it is called, and where it is
    return [*system, *sorted(str(path) for path in python if not path.is_relative_to("/usr")), str(ROOT / "ae_helpers")]


def refuse_exposed(paths):
    """Raise a ValueError if one of some folders, which students must not see, lies where the sandbox can read it."""
    for path in map(os.path.realpath, paths):
        for folder in readable():
            if Path(path).is_relative_to(os.path.realpath(folder)):
                raise ValueError(
                    f"Students' code could read {path}, because Python or the system lies in {folder}. "
                    "Move the course and the submissions out of it, or use another Python."
                )


def sandboxed(command, *, writable, memory_bytes):
    """`command` as a list for `exec`, in the sandbox; `writable` is the one folder that it shares with us.

    bubblewrap reads its options from a file that this process has open, and that has no name.
    """
    options = ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    options += ["--cap-drop", "ALL", "--clearenv", "--hostname", "sandbox"]
    options += ["--proc", "/proc", "--dev", "/dev", "--size", str(SHARED_BYTES), "--tmpfs", "/dev/shm"]
    options += ["--size", str(FILES_BYTES), "--tmpfs", "/tmp"]
    for path in readable():  # behind /tmp, for the course may lie in it
        options += ["--ro-bind", path, path]
    for path in ("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives"):
        options += ["--ro-bind-try", path, path]
    options += ["--bind", str(writable), str(writable)]
    options += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    for name, value in ENVIRONMENT.items():
        options += ["--setenv", name, value]
    _, most = resource.getrlimit(resource.RLIMIT_NPROC)
    tasks = TASKS if most == resource.RLIM_INFINITY else min(TASKS, most)
    limits = [f"--data={memory_bytes}", f"--fsize={FILES_BYTES}", f"--nproc={tasks}", "--core=0"]
    unnamed = os.memfd_create("options", 0)
    os.write(unnamed, b"".join(os.fsencode(option) + b"\0" for option in options))
    os.lseek(unnamed, 0, os.SEEK_SET)
    os.set_inheritable(unnamed, True)
    return [bwrap(), "--args", str(unnamed), "--", "prlimit", *limits, "--", *command]


def check_sandbox():
    """Raise a RuntimeError, with bubblewrap's words, if the sandbox does not start on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        probe = [sys.executable, "-c", "import ipykernel, ae_helpers"]
        command = sandboxed(probe, writable=os.path.realpath(folder), memory_bytes=4 * GB)
        done = subprocess.run(command, close_fds=False, env={}, capture_output=True, text=True, errors="replace")
        if command[1] == "--args":
            os.close(int(command[2]))
    if done.returncode:
        raise RuntimeError(f"The sandbox does not start here: {done.stderr.strip()}")


def leave_nothing_open(keep):
    """Close all files but number `keep`, let the first three lead nowhere, and leave the keyring of the session."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    os.closerange(3, keep)
    os.closerange(keep + 1, 1 << 20)
    join_session_keyring = {"x86_64": 250, "aarch64": 219}.get(platform.machine())  # keyctl's number
    if join_session_keyring:
        ctypes.CDLL(None).syscall(join_session_keyring, 1, None)


def main():
    os.nice(10)  # who watches comes first, however many there are to watch
    connection_file = Path(sys.argv[1]).resolve()
    command = kernel_command(connection_file)
    if os.environ.get("CLASSROOM_SANDBOX") == "off":
        os.execvp(command[0], command)
    if bwrap() is None:
        sys.exit("The sandbox needs Linux and bubblewrap: sudo apt install bubblewrap")
    if connection_file.parent != Path(os.environ["CLASSROOM_RUNTIME"]).resolve():
        sys.exit(f"The kernel's connection file lies in {connection_file.parent}, which is not its own folder.")
    memory_bytes = int(float(os.environ["CLASSROOM_MEMORY_GB"]) * GB)
    command = sandboxed(command, writable=connection_file.parent, memory_bytes=memory_bytes)
    leave_nothing_open(int(command[2]))
    os.execve(command[0], command, {})


if __name__ == "__main__":
    main()
