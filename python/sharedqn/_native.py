"""The C library, by ctypes: structures and functions of include/sharedqn.h, and its errors as exceptions.

Arrays are checked (type, shape, contiguity) before their addresses come here: nothing in this module looks at them.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import pathlib
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

OBSERVATION_SIZE = 8
NUM_ACTIONS = 4
ACTION_SIZE = 2
MAX_LANES = 1 << 20
MAX_AGENT_TASKS = 32
MAX_AGGREGATED_TASKS = 16


class SharedqnError(Exception):
    """The C library could not do what was asked, for a reason outside the caller's arguments."""


class WeightsError(SharedqnError, ValueError):
    """Weights that are malformed, or of a network this library does not know."""


class NativeTask(ctypes.Structure):
    """SdqnTask."""

    _fields_ = [
        ("name", ctypes.c_char * 32),
        ("gravity", ctypes.c_double),
        ("wind", ctypes.c_int),
        ("wind_power", ctypes.c_double),
        ("turbulence_power", ctypes.c_double),
        ("wind_on_ground", ctypes.c_int),
        ("initial_random", ctypes.c_double),
        ("main_engine_power", ctypes.c_double),
        ("side_engine_power", ctypes.c_double),
        ("time_limit_steps", ctypes.c_int),
    ]


class NativeStep(ctypes.Structure):
    """SdqnEnvStep."""

    _fields_ = [
        ("reward", ctypes.c_double),
        ("terminated", ctypes.c_uint8),
        ("truncated", ctypes.c_uint8),
        ("at_rest", ctypes.c_uint8),
    ]


class NativeBatchStep(ctypes.Structure):
    """SdqnLanderBatchStep."""

    _fields_ = [
        ("observation", ctypes.c_void_p),
        ("reward", ctypes.c_void_p),
        ("terminated", ctypes.c_void_p),
        ("truncated", ctypes.c_void_p),
        ("at_rest", ctypes.c_void_p),
        ("final_observation", ctypes.c_void_p),
        ("steps", ctypes.c_void_p),
    ]


class NativeGenerator(ctypes.Structure):
    """SdqnGenerator."""

    _fields_ = [
        ("state_high", ctypes.c_uint64),
        ("state_low", ctypes.c_uint64),
        ("increment_high", ctypes.c_uint64),
        ("increment_low", ctypes.c_uint64),
        ("uinteger", ctypes.c_uint32),
        ("has_uint32", ctypes.c_uint32),
    ]


class NativeWeights(ctypes.Structure):
    """SdqnWeights."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("rank", ctypes.c_int),
        ("shape", ctypes.c_size_t * 4),
        ("data", ctypes.c_void_p),
    ]


class NativeError(ctypes.Structure):
    """SdqnError."""

    _fields_ = [("message", ctypes.c_char * 1024)]


class Handle(ctypes.c_void_p):
    """A C object, destroyed when the last reference to this one goes. A call holds one, so that nobody's `close` frees what it works on."""

    def own(self, destroy: Any) -> Handle:
        """Take over what C has just written here."""
        assert self.value is not None
        weakref.finalize(self, destroy, self.value)
        return self


_POINTER, _INT, _U64 = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint64
_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "sdqn_version": (ctypes.c_char_p, []),
    "sdqn_task_default": (NativeTask, []),
    "sdqn_task_find": (ctypes.POINTER(NativeTask), [ctypes.c_char_p]),
    "sdqn_task_check": (_INT, [_POINTER, _POINTER]),
    "sdqn_env_create": (_INT, [_POINTER, _U64, _POINTER, _POINTER]),
    "sdqn_env_copy": (_INT, [_POINTER, _POINTER, _POINTER]),
    "sdqn_env_destroy": (None, [_POINTER]),
    "sdqn_env_reset": (None, [_POINTER, _POINTER, _POINTER]),
    "sdqn_env_step": (_INT, [_POINTER, _INT, _POINTER, _POINTER, _POINTER]),
    "sdqn_env_step_continuous": (_INT, [_POINTER, _POINTER, _POINTER, _POINTER, _POINTER]),
    "sdqn_env_generator": (None, [_POINTER, _POINTER]),
    "sdqn_env_set_generator": (_INT, [_POINTER, _POINTER, _POINTER]),
    "sdqn_picture_create": (_INT, [_POINTER, _POINTER]),
    "sdqn_picture_destroy": (None, [_POINTER]),
    "sdqn_picture_step": (_INT, [_POINTER, _POINTER, _INT, _POINTER]),
    "sdqn_picture_step_continuous": (_INT, [_POINTER, _POINTER, _POINTER, _POINTER]),
    "sdqn_picture_draw": (_INT, [_POINTER, _POINTER, _POINTER, _POINTER]),
    "sdqn_window_create": (_INT, [ctypes.c_char_p, _POINTER, _POINTER]),
    "sdqn_window_destroy": (None, [_POINTER]),
    "sdqn_window_show": (_INT, [_POINTER, _POINTER, _POINTER, _POINTER]),
    "sdqn_lander_batch_create_seeded": (_INT, [_POINTER, _POINTER, _INT, _INT, _POINTER, _POINTER]),
    "sdqn_lander_batch_destroy": (None, [_POINTER]),
    "sdqn_lander_batch_reset": (None, [_POINTER, _POINTER, _POINTER, _POINTER]),
    "sdqn_lander_batch_step": (_INT, [_POINTER, _POINTER, _POINTER, _POINTER]),
    "sdqn_lander_batch_step_continuous": (_INT, [_POINTER, _POINTER, _POINTER, _POINTER]),
    "sdqn_lander_batch_copy_out": (_INT, [_POINTER, _INT, _POINTER, _POINTER]),
    "sdqn_agent_create": (_INT, [_POINTER, _INT, _POINTER, _INT, _POINTER, _POINTER]),
    "sdqn_agent_destroy": (None, [_POINTER]),
    "sdqn_agent_num_tasks": (_INT, [_POINTER]),
    "sdqn_agent_task_name": (ctypes.c_char_p, [_POINTER, _INT]),
    "sdqn_agent_q_values": (_INT, [_POINTER, _POINTER, _POINTER, _INT, _POINTER, _POINTER]),
    "sdqn_agent_act": (_INT, [_POINTER, _POINTER, _POINTER, _INT, _POINTER, _POINTER]),
    "sdqn_aggregate": (_INT, [ctypes.c_char_p, _POINTER, _INT, ctypes.c_size_t, _U64, _POINTER]),
}


def _load() -> tuple[Any, Any]:
    """The library twice: once for calls that hold Python's lock, which are cheaper, and once for long ones that release it."""
    path = pathlib.Path(__file__).with_name("libsharedqn.so")
    try:
        held, released = ctypes.PyDLL(str(path)), ctypes.CDLL(str(path))
    except OSError as error:
        raise ImportError(f"{path}: the C library of sharedqn cannot be loaded ({error}): install the package anew") from error
    for name, (result, arguments) in _PROTOTYPES.items():
        for library in (held, released):
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    found, expected = held.sdqn_version().decode(), importlib.metadata.version("sharedqn")
    if found != expected:
        raise ImportError(f"{path}: is version {found}, the package {expected}: install the package anew")
    return held, released


library, parallel_library = _load()

_EXCEPTIONS: dict[int, type[Exception]] = {
    1: ValueError,
    2: MemoryError,
    3: OSError,
    4: WeightsError,
    5: FloatingPointError,
}


def check(status: int, error: NativeError) -> None:
    """Raise what a status means, with the library's message."""
    if status != 0:
        raise _EXCEPTIONS.get(status, SharedqnError)(error.message.decode(errors="replace"))


def shorten(value: Any) -> str:
    """A wrong value for a message: on one line, and not too long."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an object that cannot be shown, or an integer of too many digits
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 60 else f"{text[:57]}..."


def as_array(name: str, value: Any) -> npt.NDArray[Any]:
    """numpy's view of an argument.

    Raises:
        ValueError: rows of different lengths; the message names the argument
    """
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: {shorten(value)}: is no array ({error})") from None
