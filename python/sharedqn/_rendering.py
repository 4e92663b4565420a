"""Pictures of a lander, drawn in C with cairo; its window, shown by pygame as Gymnasium's are."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from ._native import NativeError, check, library

Frame = npt.NDArray[np.uint8]
WIDTH, HEIGHT, FRAMES_PER_SECOND = 600, 400, 50
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
        handle = ctypes.c_void_p()
        status = library.sdqn_picture_create(ctypes.byref(handle), ctypes.byref(self._error))
        if status != 0:
            found = self._error.message.decode(errors="replace").split(":")[0]
            raise gymnasium.error.DependencyNotInstalled(f"sharedqn: {_ADVICE} ({found})")
        assert handle.value is not None
        self._picture: int = handle.value
        self._finalizer = weakref.finalize(self, library.sdqn_picture_destroy, handle.value)

    def step(self, env: int, action: int) -> None:
        """Let the flames fly: before each discrete step."""
        check(library.sdqn_picture_step(self._picture, env, action, ctypes.byref(self._error)), self._error)

    def step_continuous(self, env: int, action_address: int) -> None:
        """The same before each continuous step, of two finite doubles."""
        check(library.sdqn_picture_step_continuous(self._picture, env, action_address, ctypes.byref(self._error)), self._error)

    def draw(self, env: int) -> Frame | None:
        """The present state, uint8 [400, 600, 3]."""
        frame = np.empty((HEIGHT, WIDTH, 3), dtype=np.uint8)
        check(library.sdqn_picture_draw(self._picture, env, frame.ctypes.data, ctypes.byref(self._error)), self._error)
        return frame

    def close(self) -> None:
        """Free what was drawn on."""
        self._finalizer()


class Window(Renderer):
    """Shows what is drawn, at 50 frames a second.

    Raises:
        gymnasium.error.DependencyNotInstalled: no pygame, or no display
    """

    def __init__(self) -> None:
        super().__init__()
        try:
            import pygame
        except ImportError:
            raise gymnasium.error.DependencyNotInstalled("sharedqn: a window needs pygame: pip install pygame-ce") from None
        self._pygame: Any = pygame
        self._screen: Any = None
        self._clock: Any = None

    def draw(self, env: int) -> Frame | None:
        """Show the present state. A window that was closed by hand is an error."""
        pygame = self._pygame
        frame = super().draw(env)
        assert frame is not None
        if self._screen is None:
            try:
                pygame.display.init()
                self._screen = pygame.display.set_mode((WIDTH, HEIGHT))
            except pygame.error as error:
                raise gymnasium.error.DependencyNotInstalled(
                    f"sharedqn: no window can be opened ({error}); render_mode='rgb_array' needs no display"
                ) from error
            pygame.display.set_caption("sharedqn LunarLander")
            self._clock = pygame.time.Clock()
        if pygame.event.get(pygame.QUIT):
            self._close_window()
            raise gymnasium.error.ClosedEnvironmentError("LunarLander: its window was closed")
        pygame.event.pump()
        pygame.surfarray.blit_array(self._screen, frame.swapaxes(0, 1))
        self._clock.tick(FRAMES_PER_SECOND)
        pygame.display.flip()
        return None

    def _close_window(self) -> None:
        if self._screen is not None:
            self._pygame.display.quit()
            self._screen = None

    def close(self) -> None:
        """Close the window."""
        self._close_window()
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
    raise ValueError(f"render_mode = {render_mode!r}: must be None, 'human' or 'rgb_array'")
