"""Real processes train together on this machine, survive the loss of one, and agree with a process alone."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ae_helpers.data import load_movielens

pytest.importorskip("jax")
if sys.platform == "win32":
    pytest.skip("Windows has no process groups to kill", allow_module_level=True)

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "examples" / "train_items_distributed.py"
# Dropout stays on: the processes draw its mask together.
SMALL = ["--steps", "100", "--save-every", "20", "--hidden-size", "32", "--latent-dim", "8"]
STEPS = [20, 40, 60, 80, 100]
PATIENCE = 1800  # seconds until a process is killed, so that nothing hangs


@pytest.fixture
def start():
    """A function that starts the script in a process group of its own; all groups are killed in the end."""
    started = []

    def start(folder, *arguments):
        command = [sys.executable, str(SCRIPT), *SMALL]
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
        timer = threading.Timer(PATIENCE, kill, [process])
        timer.start()
        started.append((process, timer))
        return process

    yield start
    for process, timer in started:
        timer.cancel()
        kill(process)
        process.stdout.close()
        process.wait()


def kill(process):
    """SIGKILL to a process and those that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def start_two(start, folder, of_the_second=()):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    addresses = f"127.0.0.1:{port},127.0.0.1:{port + 1}"  # only the first one is listened on
    own = ((), of_the_second)
    return [start(folder, "--addresses", addresses, "--process", str(i), *own[i]) for i in range(2)]


def losses(output):
    return {int(step): float(loss) for step, loss in re.findall(r"^step (\d+): loss (\S+)$", output, re.MULTILINE)}


def finish(process):
    """What a process prints until it ends, as it should."""
    output = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0, output
    return output


def test_two_processes_that_were_killed_twice_have_the_losses_of_one(start, tmp_path):
    alone, together = tmp_path / "alone", tmp_path / "together"
    alone.mkdir()
    together.mkdir()
    one = start(alone)

    seen = {}
    for victim in (1, 0):  # 0 is the one that saves, and that the other is connected to
        processes = start_two(start, together)
        # To the first report at least: by then, its checkpoint is written.
        seen |= losses(next(line for line in processes[0].stdout if line.startswith("step")))
        kill(processes[victim])
        survivor = processes[1 - victim]
        seen |= losses(survivor.communicate(timeout=PATIENCE)[0])  # stops soon, by itself
        assert survivor.returncode not in (0, -signal.SIGKILL)
    assert "Start all processes again" in (together / "errors.txt").read_text()
    assert seen and 100 not in seen

    rest = finish(start(together, "--local", "2"))
    resumed = int(re.search(r"from step (\d+)", rest)[1])
    assert resumed >= max(seen)
    assert list(losses(rest)) == [step for step in STEPS if step > resumed]
    expected = losses(finish(one))
    assert list(expected) == STEPS and expected[100] < expected[20]
    seen |= losses(rest)
    assert seen == pytest.approx({step: expected[step] for step in seen}, rel=1e-6)

    refuse_to_go_on(start, alone)


def refuse_to_go_on(start, folder):
    """With a checkpoint of another training; at once, to spare some starts."""
    before = {file.name: file.read_bytes() for file in folder.glob("*.npz")}
    data = folder / "data"
    data.mkdir()
    ratings, movies = load_movielens()
    ratings.loc[0, "rating"] += 0.5
    ratings.to_csv(data / "ratings.csv", index=False)
    movies.to_csv(data / "movies.csv", index=False)
    process = start(folder, "--seed", "1", "--batch-size", "32", "--steps", "200", "--data", str(data))
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    message = (folder / "errors.txt").read_text().splitlines()[-1]
    ours, theirs = re.findall(r"--batch-size (\d+), --seed (\d), --data (\w+)", message)
    assert ours[:2] == ("32", "1") and theirs[:2] == ("64", "0") and ours[2] != theirs[2]
    assert "latest.npz" in message and "dropout" not in message and "another --folder" in message
    assert {file.name: file.read_bytes() for file in folder.glob("*.npz")} == before


def test_processes_that_differ_are_refused(start, tmp_path):
    processes = start_two(start, tmp_path, ["--seed", "1", "--steps", "80"])
    assert [process.wait(PATIENCE) for process in processes] == [1, 1]
    message = (tmp_path / "errors.txt").read_text()
    assert re.search("Process 1 has --seed 1, --steps 80, but process 0 has --seed 0, --steps 100", message)
    assert not list(tmp_path.glob("*.npz"))
