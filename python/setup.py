"""Builds libsharedqn.so, the C library below the package, with make; all else about the package is in pyproject.toml.

The C sources are those of the repository this folder lies in, or, in an sdist, its folder `native`. The library has no Python inside
(the package calls it by ctypes), so one wheel serves every Python 3 of a platform.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist
from setuptools.errors import CompileError

HERE = pathlib.Path(__file__).resolve().parent
NATIVE = HERE / "native"  # of an sdist
ROOT = NATIVE if NATIVE.is_dir() else HERE.parent
# What make builds. Pictures need cairo and windows SDL2: without their headers all else is built, and whoever asks for one is told so.
GOALS = {
    "sharedqn.libsharedqn": "python/libsharedqn.so",
    "sharedqn.sharedqn-draw": "sharedqn-draw.so",
    "sharedqn.sharedqn-window": "sharedqn-window.so",
}
OPTIONAL = {
    "sharedqn.sharedqn-draw": "This installation will not draw. Debian: apt-get install libcairo2-dev, then install it again.",
    "sharedqn.sharedqn-window": "This installation will have no window. Debian: apt-get install libsdl2-dev, then install it again.",
}
NEEDED = ("Makefile", "LICENSE", "include", "src")  # of the repository, for building the library


def version():
    """The version of the C library: there is one."""
    header = ROOT / "src" / "core" / "version.h"
    if not header.is_file():
        sys.exit(f"{header}: not found: install from a clone of the repository (pip install ./python) or from an sdist")
    return re.search(r'SDQN_VERSION "([^"]+)"', header.read_text())[1]


class BuildLibrary(build_ext):
    """make instead of a compiler call."""

    def build_extension(self, ext):
        if shutil.which("make") is None:
            raise CompileError("make is not installed: apt-get install make gcc libc6-dev, or install a wheel")
        build = os.path.relpath(pathlib.Path(self.build_temp).resolve() / "native", ROOT)  # make takes no path with a space in it
        goal = f"{build}/{GOALS[ext.name]}"
        command = ["make", "-C", ROOT, f"-j{os.cpu_count() or 1}", f"BUILD={build}", "OPT=-O3 -g0", goal]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if run.returncode != 0:
            raise CompileError(run.stdout + OPTIONAL.get(ext.name, ""))
        target = pathlib.Path(self.get_ext_fullpath(ext.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / goal, target)

    def get_ext_filename(self, fullname):
        return os.path.join(*fullname.split(".")) + ".so"


class WheelOfPlatform(bdist_wheel):
    """py3-none-PLATFORM: any Python 3, one kind of machine."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class SdistWithSources(sdist):
    """Brings the C sources along."""

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        for name in NEEDED:
            source, target = ROOT / name, pathlib.Path(base_dir) / "native" / name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)


setup(
    version=version(),
    ext_modules=[Extension(name, sources=[], optional=name in OPTIONAL) for name in GOALS],
    cmdclass={"build_ext": BuildLibrary, "bdist_wheel": WheelOfPlatform, "sdist": SdistWithSources},
)
