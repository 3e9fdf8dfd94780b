"""Print how fast this machine is: the time of five epochs of a dense autoencoder on MNIST.

    python -m tools.yardstick             # five epochs
    python -m tools.yardstick --epochs 1  # a quick look, scaled up to five

Budgets of lessons and tests are seconds on a machine whose yardstick is 13 s; where it
takes T seconds, a budget of 40 s is 40 T / 13.
"""

import argparse

from tools.environment import set_environment
from tools.speed import FAST, yardstick

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5, choices=range(1, 6), help="of the five (default: all)")
    set_environment()
    print(f"yardstick: {yardstick(parser.parse_args().epochs):.1f} s (a fast machine: {FAST:.0f} s)", flush=True)
