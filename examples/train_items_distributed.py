"""Train the item autoencoder by several processes, on one machine or on many.

    python examples/train_items_distributed.py               # one process
    python examples/train_items_distributed.py --local 2     # two processes on this machine

On several machines, the same command on each, with the number of the process:

    python examples/train_items_distributed.py --addresses host0:5000,host1:5000 --process 0
    python examples/train_items_distributed.py --addresses host0:5000,host1:5000 --process 1

Each process holds its own part of the movies, and every step averages the gradients of all
parts (`keras.distribution.DataParallel` on JAX). A step's batch has the same movies in the
same order, however many processes share it, so the losses agree but for rounding.

Process 0 writes a checkpoint every `--save-every` steps. When a process dies, the others stop
with a message: start all of them again, or fewer, and training goes on from the checkpoint.
With another seed, batch size, model or other data it would be no continuation, and is refused.
"""

import argparse
import contextlib
import functools
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"  # Keras trains across processes on JAX only

sys.modules["tensorflow"] = None  # Keras would load it for nothing, in every process

import jax
import keras
import numpy as np
from jax.experimental import multihost_utils

from ae_helpers.data import load_movielens
from ae_helpers.files import whole_or_not
from ae_helpers.losses import multinomial_loss
from ae_helpers.models import item_autoencoder
from ae_helpers.ratings import inverse_user_frequency, only_rated, rating_matrix, unit_rows, weighted

SETTINGS = ("batch_size", "hidden_size", "latent_dim", "dropout", "seed")  # what a checkpoint depends on, with the data


def main():
    options = parse_arguments()
    if options.local:
        sys.exit(start_on_this_machine(options.local))
    processes = len(options.addresses.split(","))
    if not 0 <= options.process < processes:
        sys.exit(f"--process should be from 0 to {processes - 1}, because --addresses has {processes}.")
    if processes > 1:
        # Waits for all processes, and fails if one does not come within 5 minutes. Later, a lost connection is
        # an error at once; of a machine that falls silent, JAX ends the others after 100 seconds.
        keras.distribution.initialize(options.addresses, processes, options.process)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # JAX has just made the process ignore it
    try:
        train(options, processes)
    except BaseException:  # Ctrl-C, too
        if processes == 1:
            raise
        traceback.print_exc()
        print(
            f"\nProcess {options.process} stops. If the error names Gloo or a connection, another process was "
            "lost.\nStart all processes again: training goes on from the last checkpoint.",
            file=sys.stderr,
            flush=True,
        )
        os._exit(1)  # an ordinary exit would wait for the others, and they for this one


def train(options, processes):
    """Train up to `options.steps` steps, from the checkpoint if there is one."""
    devices = len(keras.distribution.list_devices())  # of all processes
    if options.batch_size % devices:
        raise ValueError(f"--batch-size should be a multiple of the {devices} devices, but is {options.batch_size}.")
    # Each process brings its own part of a batch, so Keras has nothing to shard.
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    keras.utils.set_random_seed(options.seed)  # all processes start from the same weights

    x, fingerprint = prepare(options.data)
    training = {name: getattr(options, name) for name in SETTINGS} | {"data": fingerprint}
    plan = training | {"steps": options.steps, "save_every": options.save_every}
    refuse_differences(plan, of_process_0(plan), f"Process {options.process}", "process 0")
    model = item_autoencoder(x.shape[1], options.latent_dim, options.hidden_size, dropout=options.dropout)
    model.compile(keras.optimizers.Adam(1e-3), multinomial_loss)
    checkpoint = Path(options.folder) / "latest.npz"
    start = restore(model, checkpoint, training)
    if (options.steps - start) % options.save_every:
        raise ValueError(
            f"From step {start} to --steps {options.steps} should be a multiple of --save-every, "
            f"but that is {options.save_every}."
        )

    def save_and_report(epoch, logs):
        save(model, checkpoint, training)
        print(f"step {int(model.optimizer.iterations)}: loss {logs['loss']:.7f}", flush=True)

    # JAX starts a step before the last one is done, so batches would pile up in memory. Reading the loss waits.
    wait = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: float(logs["loss"]))
    first = options.process == 0
    if first:
        print(f"Processes: {processes}, {x.shape[0]:,} movies, {x.shape[1]:,} users, from step {start}", flush=True)
    if start < options.steps:
        batches = OwnBatches(x, options.batch_size, processes, options.process, start, options.steps, options.seed)
        # What Keras calls an epoch is the stretch from one checkpoint to the next here: so the
        # mean loss of a stretch is the same, whether or not training was interrupted before it.
        model.fit(
            batches,
            steps_per_epoch=options.save_every,
            epochs=(options.steps - start) // options.save_every,
            shuffle=False,
            verbose=0,
            callbacks=[wait, keras.callbacks.LambdaCallback(on_epoch_end=save_and_report)] if first else [wait],
        )
    if first:
        # Saving creates variables, which otherwise would wait for the other processes.
        keras.distribution.set_distribution(None)
        model.save(checkpoint.with_name("items.keras"))


def prepare(folder):
    """Inputs and a fingerprint of the data.

    The inputs are the targets too, as in lesson 03: CSR `(n_movies, n_users)`, rows of unit length.
    """
    ratings, movies = only_rated(*load_movielens(folder))
    stars = rating_matrix(ratings, movies, np.unique(ratings["userId"]))
    # Of the stars: they are the same on all machines, to the last bit, and logarithms are not.
    arrays = (stars.indptr.astype(np.int64), stars.indices.astype(np.int64), stars.data)
    fingerprint = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:12]
    return unit_rows(weighted(stars, inverse_user_frequency(stars))), fingerprint


class OwnBatches(keras.utils.PyDataset):
    """One process's part of each global batch, from step `start` on.

    Movies are dealt to the places of a batch like cards, the first ones again until the last
    batch is full. In each epoch every place goes through its own movies in a new order. So a
    process needs only the movies of its own places, and what a batch holds depends neither on
    the number of processes nor on where training started.
    """

    def __init__(self, x, batch_size, processes, process, start, stop, seed):
        super().__init__()
        self.steps = -(-x.shape[0] // batch_size)  # in an epoch
        dealt = np.resize(np.arange(x.shape[0]), (self.steps, batch_size))
        self.own = np.array_split(np.arange(batch_size), processes)[process]
        mine = dealt[:, self.own].ravel()
        self.x = x[mine]
        self.batch_size, self.start, self.stop, self.seed = batch_size, start, stop, seed
        self._order = functools.lru_cache(maxsize=1)(self._order)

    def __len__(self):
        return self.stop - self.start

    def __getitem__(self, index):
        epoch, step = divmod(self.start + index, self.steps)
        rows = self._order(epoch)[step]
        batch = self.x[rows].toarray()
        return batch, batch

    def _order(self, epoch):
        """Rows of own movies `(steps, own places)`: each place has its movies in an order of its own."""
        turns = np.tile(np.arange(self.steps)[:, None], self.batch_size)
        turns = np.random.default_rng([self.seed, epoch]).permuted(turns, axis=0)
        return turns[:, self.own] * len(self.own) + np.arange(len(self.own))


def save(model, checkpoint, training):
    """Write all that training changes, and what it depends on. An interruption leaves the previous checkpoint."""
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    with whole_or_not(checkpoint) as (part,):
        np.savez(part, *(variable.numpy() for variable in state(model)), training=json.dumps(training))


def restore(model, checkpoint, training):
    """Give every process's model what process 0 has saved, if it has; return the number of steps done."""
    model.optimizer.build(model.trainable_variables)
    variables = state(model)
    values = [variable.numpy() for variable in variables]
    if jax.process_index() == 0 and checkpoint.exists():
        with np.load(checkpoint) as saved:
            if "training" not in saved:
                raise ValueError(f"{checkpoint} does not say how it was trained. Remove it, or give another --folder.")
            refuse_differences(training, json.loads(saved["training"].item()), "This training", str(checkpoint))
            values = [saved[f"arr_{i}"] for i in range(len(values))]
    # Other machines need not see the folder of process 0.
    for variable, value in zip(variables, multihost_utils.broadcast_one_to_all(values), strict=True):
        variable.assign(value)
    return int(model.optimizer.iterations)


def of_process_0(plan):
    """What process 0 has as `plan`."""
    text = np.frombuffer(json.dumps(plan).encode().ljust(1000), np.uint8)
    return json.loads(np.asarray(multihost_utils.broadcast_one_to_all(text)).tobytes())


def refuse_differences(ours, theirs, we, they):
    """Raise a ValueError that names what differs; data has the name of its fingerprint."""
    differ = [name for name in ours if ours[name] != theirs[name]]
    if differ:
        our, their = (", ".join(f"--{name.replace('_', '-')} {of[name]}" for name in differ) for of in (ours, theirs))
        raise ValueError(f"{we} has {our}, but {they} has {their}. Give the same, or another --folder.")


def state(model):
    """The variables that training changes: also dropout's seed, which `save_weights` and `BackupAndRestore` omit."""
    return [*model.trainable_variables, *model.non_trainable_variables, *model.optimizer.variables]


def start_on_this_machine(processes):
    """Start processes with the same options as this one, and wait; return 0 if all of them succeed."""
    addresses = ",".join(f"127.0.0.1:{port}" for port in free_ports(processes))
    environment = {**os.environ, "JAX_COORDINATOR_BIND_ADDRESS": addresses.split(",")[0]}  # unseen from outside
    # Of an option that is given twice, the last one counts.
    command = [sys.executable, *sys.argv, "--local", "0", "--addresses", addresses]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that none is left behind
    started = [subprocess.Popen([*command, "--process", str(i)], env=environment) for i in range(processes)]
    try:
        return max(abs(process.wait()) for process in started)
    finally:
        for process in started:
            process.kill()


def free_ports(n):
    """Ports of this machine that nobody uses now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(n)]
        return [open_socket.getsockname()[1] for open_socket in sockets]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    where = parser.add_argument_group("where")
    where.add_argument("--local", type=int, default=0, metavar="N", help="start N processes on this machine")
    where.add_argument("--addresses", default="", help="host:port of each process, separated by commas")
    where.add_argument("--process", type=int, default=0, help="number of this process, from 0")
    what = parser.add_argument_group("what; the same for all processes")
    what.add_argument("--data", help="folder of a MovieLens release; without it, the bundled one")
    what.add_argument("--folder", default="trained_items", help="for the checkpoint and the model")
    what.add_argument("--steps", type=int, default=1600)
    what.add_argument("--save-every", type=int, default=100, metavar="STEPS")
    what.add_argument("--batch-size", type=int, default=64, help="of all processes together")
    what.add_argument("--hidden-size", type=int, default=1024)
    what.add_argument("--latent-dim", type=int, default=256)
    what.add_argument("--dropout", type=float, default=0.3)
    what.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
