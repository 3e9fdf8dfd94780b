"""The classroom is for Linux, also within Windows or in a container; elsewhere its modules can't be imported."""

import sys

collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]
