#!/bin/sh
# The pictures of windows and landings in docs/pictures: make_pictures.sh PROGRAM FOLDER. Weights: tests/data/trained.safetensors.
#
# The window is shown on a screen of its own (Xvfb), and keys are pressed by xdotool.
set -eu
program=$1 folder=$2
weights=tests/data/trained.safetensors
mkdir -p "$folder"

record() { "$program" evaluate --weights $weights --force "$@" >/dev/null; }
record --task standard --seed 1000004 --record "$folder/landing.gif"
record --task windy --seed 1000000 --record "$folder/overlay.png"

screen=$(mktemp)
Xvfb -displayfd 3 -screen 0 1000x700x24 -nolisten tcp 3>"$screen" 2>/dev/null &
server=$!
trap 'kill $server; rm -f "$screen"' EXIT
while [ ! -s "$screen" ]; do sleep 0.1; done
DISPLAY=:$(cat "$screen")
export DISPLAY
unset WAYLAND_DISPLAY SDL_VIDEODRIVER || true

photograph() { # photograph TITLE FILE
    import -window "$(xdotool search --name "^$1\$")" -strip "$folder/$2"
}

"$program" evaluate --weights $weights --task windy --seed 1000000 --render >/dev/null 2>&1 &
xdotool search --sync --name '^sharedqn evaluate$' >/dev/null
sleep 2.5
xdotool key space
sleep 0.2
photograph 'sharedqn evaluate' window.png
xdotool key h
sleep 0.2
photograph 'sharedqn evaluate' keys.png
xdotool key q
wait $!

"$program" play --task standard --seed 3 >/dev/null &
xdotool search --sync --name '^sharedqn play$' >/dev/null
sleep 0.5
xdotool keydown Up
sleep 0.4
xdotool keyup Up
sleep 1
xdotool keydown Up
sleep 0.5
photograph 'sharedqn play' play.png
xdotool keyup Up key q
wait $!
ls -l "$folder"
