"""What is measured beside us: built or installed below `target/compare`, once. Never measures anything."""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "target/compare"
HURL = "8.0.1"


class Peers:
    """The programs, each a path; `None` where one cannot be had. A context manager: it serves http meanwhile."""

    def __init__(self, short, mainstay):
        HERE.mkdir(parents=True, exist_ok=True)
        self.mainstay = mainstay or str(ROOT / "target/release/mainstay")
        self.floor = str(HERE / "floor")
        if not mainstay:
            say("building mainstay")
            run("cargo", "build", "--release", "--locked", "--quiet", "--bin", "mainstay", cwd=ROOT)
        run("cc", "-O2", "-o", self.floor, ROOT / "benches/floor.c")
        self.just = installed(HERE / "venv/bin/just", self.install_just)
        # Building it takes minutes: the short form takes it where it is, else curl stands in.
        self.hurl = installed(HERE / "hurl/bin/hurl", None if short else self.install_hurl)

    def install_just(self):
        environment()
        run(HERE / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "rust-just")

    def install_hurl(self):
        """hurl comes as source; what it needs of clang comes from PyPI, of libxml2 and openssl from the system."""
        environment()
        run(HERE / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "libclang")
        include = subprocess.run(["cc", "-print-file-name=include"], stdout=subprocess.PIPE, text=True, check=True)
        clang = next((HERE / "venv/lib").glob("python*/site-packages/clang/native"))
        env = {"LIBCLANG_PATH": str(clang), "BINDGEN_EXTRA_CLANG_ARGS": f"-I{include.stdout.strip()}"}
        run("cargo", "install", "--quiet", "--locked", "--root", HERE / "hurl", f"hurl@{HURL}", env=env)

    def __enter__(self):
        self.server = subprocess.Popen([self.floor, "serve"], stdout=subprocess.PIPE, text=True)
        self.port = int(self.server.stdout.readline())
        return self

    def __exit__(self, *_):
        self.server.kill()
        self.server.wait()


def environment():
    if not (HERE / "venv").exists():
        venv.create(HERE / "venv", with_pip=True)


def installed(path, install):
    """Returns the program's path, after installing it where it is missing."""
    if not path.exists() and install:
        say(f"installing {path.name}")
        try:
            install()
        except (subprocess.CalledProcessError, OSError, StopIteration) as error:
            say(f"{path.name} cannot be had ({error}): not measured")
    return str(path) if path.exists() else None


def run(*argv, env=None, cwd=None):
    subprocess.run([str(arg) for arg in argv], check=True, cwd=cwd, env={**os.environ, **(env or {})})


def say(text):
    print(f"benches/compare: {text}", file=sys.stderr, flush=True)
