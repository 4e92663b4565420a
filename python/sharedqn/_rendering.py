"""Pictures of a lander, drawn in C with cairo; its window, shown with SDL2."""

from __future__ import annotations

import ctypes
import logging
import pathlib

import gymnasium
import numpy as np
import numpy.typing as npt

from ._native import Handle, NativeError, check, library, parallel_library, shorten

Frame = npt.NDArray[np.uint8]
WIDTH, HEIGHT = 600, 400
_logger = logging.getLogger("sharedqn")
_FOLDER = pathlib.Path(__file__).parent
# What this installation can do: the C helpers are built where cairo and SDL2 are there.
RENDER_MODES = [
    mode
    for mode, helpers in (("human", ("draw", "window")), ("rgb_array", ("draw",)))
    if all((_FOLDER / f"sharedqn-{helper}.so").is_file() for helper in helpers)
]
_ADVICE = (
    "drawing needs cairo. Debian: apt-get install libcairo2-dev, then install sharedqn from its sources anew; "
    "a wheel that was built with cairo needs only libcairo2"
)


class Renderer:
    """Draws C environments into arrays.

    Raises:
        gymnasium.error.DependencyNotInstalled: this installation was built without cairo, or the machine lacks it
    """

    def __init__(self) -> None:
        self._error = NativeError()
        handle = Handle()
        status = library.sdqn_picture_create(ctypes.byref(handle), ctypes.byref(self._error))
        if status != 0:
            found = self._error.message.decode(errors="replace").split(":")[0]
            raise gymnasium.error.DependencyNotInstalled(f"sharedqn: {_ADVICE} ({found})")
        self._picture: Handle | None = handle.own(library.sdqn_picture_destroy)  # None: closed

    def _canvas(self) -> Handle:
        picture = self._picture
        if picture is None:
            raise gymnasium.error.ClosedEnvironmentError("LunarLander: it has been closed")
        return picture

    def step(self, env: Handle, action: int) -> None:
        """Let the flames fly: before each discrete step."""
        check(library.sdqn_picture_step(self._canvas(), env, action, ctypes.byref(self._error)), self._error)

    def step_continuous(self, env: Handle, action_address: int) -> None:
        """The same before each continuous step, of two finite doubles."""
        check(library.sdqn_picture_step_continuous(self._canvas(), env, action_address, ctypes.byref(self._error)), self._error)

    def draw(self, env: Handle) -> Frame | None:
        """The present state, uint8 [400, 600, 3]."""
        frame = np.empty((HEIGHT, WIDTH, 3), dtype=np.uint8)
        check(library.sdqn_picture_draw(self._canvas(), env, frame.ctypes.data, ctypes.byref(self._error)), self._error)
        return frame

    def close(self) -> None:
        """Free what was drawn on."""
        self._picture = None


class Window(Renderer):
    """Shows what is drawn, at 50 frames a second. The window opens with the first picture.

    Without a screen nothing is shown and a line is logged, so that programs made for a desk run on a server too.

    Raises:
        gymnasium.error.DependencyNotInstalled: this installation was built without SDL2
    """

    def __init__(self) -> None:
        super().__init__()
        if "human" not in RENDER_MODES:
            raise gymnasium.error.DependencyNotInstalled(
                "sharedqn: a window needs SDL2. Debian: apt-get install libsdl2-dev, then install sharedqn from its sources anew; "
                "a wheel that was built with it needs only libsdl2-2.0-0"
            )
        self._window: Handle | None = None
        self._no_screen = False

    def _open(self) -> None:
        handle = Handle()
        status = library.sdqn_window_create(b"sharedqn", ctypes.byref(handle), ctypes.byref(self._error))
        if status != 0:
            self._no_screen = True
            found = self._error.message.decode(errors="replace")
            _logger.warning("no window can be opened, so render_mode='human' shows nothing: %s", found)
            return
        self._window = handle.own(library.sdqn_window_destroy)

    def draw(self, env: Handle) -> Frame | None:
        """Show the present state. A window that a person has closed is an error."""
        if self._window is None and not self._no_screen:
            self._open()
        window = self._window
        if window is None:
            return None
        frame = super().draw(env)
        assert frame is not None
        closed = ctypes.c_int()
        check(
            parallel_library.sdqn_window_show(window, frame.ctypes.data, ctypes.byref(closed), ctypes.byref(self._error)),
            self._error,
        )
        if closed.value:
            self._window = window = None  # no traceback keeps it on the screen
            raise gymnasium.error.ClosedEnvironmentError("LunarLander: its window was closed")
        return None

    def close(self) -> None:
        """Close the window."""
        self._window = None
        super().close()


def make_renderer(render_mode: str | None) -> Renderer | None:
    """What a render_mode asks for.

    Raises:
        ValueError: an unknown mode
    """
    if render_mode is None:
        return None
    if render_mode == "rgb_array":
        return Renderer()
    if render_mode == "human":
        return Window()
    raise ValueError(f"render_mode = {shorten(render_mode)}: must be None, 'human' or 'rgb_array'")
