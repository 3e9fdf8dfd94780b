"""Build the site from the committed notebooks, without running them, and serve it on this machine.

    python -m tools.site             # builds into build/site and serves it until Ctrl-C
    python -m tools.site --no-serve  # builds only
"""

import argparse
import functools
import http.server
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "build" / "site"
PORT = 8000


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=SITE, help="the folder that gets the pages")
    parser.add_argument("--no-serve", action="store_true", help="only build")
    arguments = parser.parse_args()
    started = time.perf_counter()
    build(arguments.to)
    size = sum(file.stat().st_size for file in arguments.to.rglob("*") if file.is_file())
    print(f"{arguments.to / 'index.html'}: {size / 2**20:.1f} MB in {time.perf_counter() - started:.0f} s", flush=True)
    if not arguments.no_serve:
        serve(arguments.to)


def build(folder):
    """Write the pages; stops with Sphinx's words if anything is amiss, a broken link for example."""
    folder.mkdir(parents=True, exist_ok=True)
    # What Sphinx remembers between two builds stands beside the pages, not among them.
    remembered = folder.with_name(folder.name + ".doctrees")
    # Pages and folders, then the options: warnings are errors.
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-c", ROOT / "docs", "-d", remembered, ROOT, folder]
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--jobs", "auto"]
    # The reference imports the package; Keras' smallest backend is enough for that.
    done = subprocess.run([*command, *options], env=os.environ | {"KERAS_BACKEND": "numpy"})
    if done.returncode:
        sys.exit("The site was not built: see above.")


def serve(folder):
    """Serve the pages to this machine alone, at port 8000 or, if that is taken, at any free one."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), handler)
    except OSError:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    print(f"The site is at http://127.0.0.1:{server.server_port}/ (Ctrl-C ends it).", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
