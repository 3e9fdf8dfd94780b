"""Real processes train together on this machine, agree with one process, and survive the loss of one."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("jax")

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "examples" / "train_items_distributed.py"
# Dropout stays on: the processes draw its mask together.
SMALL = ["--steps", "100", "--save-every", "20", "--hidden-size", "32", "--latent-dim", "8"]
STEPS = [20, 40, 60, 80, 100]
PATIENCE = 120  # seconds until a process is killed, so that nothing hangs


@pytest.fixture(scope="module")
def start():
    """A function that starts the script in a process group of its own; all groups are killed in the end."""
    started = []

    def start(folder, *arguments):
        command = ["timeout", "--signal=KILL", str(PATIENCE), sys.executable, str(SCRIPT), *SMALL]
        with (folder / "errors.txt").open("a") as errors:
            process = subprocess.Popen(
                [*command, "--folder", str(folder), *arguments],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        kill(process)
        process.stdout.close()
        process.wait()


def kill(process):
    """SIGKILL to a process and those that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def start_two(start, folder):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    addresses = f"127.0.0.1:{port},127.0.0.1:{port + 1}"  # only the first one is listened on
    return [start(folder, "--addresses", addresses, "--process", str(i)) for i in range(2)]


def losses(output):
    return {int(step): float(loss) for step, loss in re.findall(r"^step (\d+): loss (\S+)$", output, re.MULTILINE)}


def finish(process):
    """What a process prints until it ends, as it should."""
    output = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0, output
    return output


@pytest.fixture(scope="module")
def undisturbed(start, tmp_path_factory):
    """Losses of one process, and of two."""
    one, two = (tmp_path_factory.mktemp(name) for name in ("one", "two"))
    runs = [start(one), start(two, "--local", "2")]
    return [losses(finish(run)) for run in runs]


def test_two_processes_have_the_losses_of_one(undisturbed):
    one, two = undisturbed
    assert list(one) == list(two) == STEPS
    assert one[100] < one[20]
    assert two == pytest.approx(one, rel=1e-5)


def test_after_a_kill_training_resumes_and_ends_with_the_same_losses(start, tmp_path, undisturbed):
    seen = {}
    for victim in (1, 0):  # 0 is the one that saves and that the other is connected to
        processes = start_two(start, tmp_path)
        for line in processes[0].stdout:
            seen |= losses(line)
            if seen:
                break
        kill(processes[victim])
        survivor = processes[1 - victim]
        seen |= losses(survivor.communicate(timeout=30)[0])  # stops soon, by itself
        assert survivor.returncode not in (0, -signal.SIGKILL)
        # As if it had been killed in the midst of writing.
        (tmp_path / "unfinished.npz").write_bytes(b"half a checkpoint")
    assert "Start all processes again" in (tmp_path / "errors.txt").read_text()

    assert 100 not in seen
    processes = start_two(start, tmp_path)
    first, _ = map(finish, processes)
    resumed = int(re.search(r"from step (\d+)", first)[1])
    assert resumed >= 20
    assert list(losses(first)) == [step for step in STEPS if step > resumed]
    _, two = undisturbed
    assert two == pytest.approx(two | seen | losses(first), rel=1e-7)


def test_a_process_that_has_no_address_is_refused(start, tmp_path):
    process = start(tmp_path, "--addresses", "127.0.0.1:1,127.0.0.1:2", "--process", "2")
    assert process.wait(PATIENCE) == 1
    assert "--process should be from 0 to 1" in (tmp_path / "errors.txt").read_text()
