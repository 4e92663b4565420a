#!/bin/sh
# The pictures of windows, landings and a watched run in docs/pictures: make_pictures.sh PROGRAM FOLDER. Weights:
# tests/data/trained.safetensors; the run is trained for the picture, in a folder that is removed again.
#
# Windows are shown on a screen of their own (Xvfb), and keys are pressed by xdotool.
set -eu
program=$(realpath "$1") folder=$2
weights=tests/data/trained.safetensors
mkdir -p "$folder"

record() { "$program" evaluate --weights $weights --force "$@" >/dev/null; }
record --task standard --seed 1000004 --record "$folder/landing.gif"
record --task windy --seed 1000000 --record "$folder/overlay.png"

work=$(mktemp -d)
screen=$work/screen
training=
Xvfb -displayfd 3 -screen 0 1000x700x24 -nolisten tcp -noreset 3>"$screen" 2>/dev/null &
server=$!
trap 'kill $server $training; wait; rm -rf "$work"' EXIT
while [ ! -s "$screen" ]; do sleep 0.1; done
DISPLAY=:$(cat "$screen")
export DISPLAY
unset WAYLAND_DISPLAY SDL_VIDEODRIVER || true

photograph() { # photograph TITLE FILE
    import -window "$(xdotool search --name "^$1\$")" -strip "$folder/$2"
}

# Single steps, so that a busy machine shows the same state.
step() { xdotool key --repeat "$1" --repeat-delay 80 period; }

"$program" evaluate --weights $weights --task windy --seed 1000000 --render >/dev/null 2>&1 &
xdotool search --sync --name '^sharedqn evaluate$' >/dev/null
sleep 1
xdotool key r space
step 70
sleep 0.5
photograph 'sharedqn evaluate' window.png
xdotool key h
sleep 0.2
photograph 'sharedqn evaluate' keys.png
xdotool key q
wait $!

"$program" play --task standard --seed 3 >/dev/null &
xdotool search --sync --name '^sharedqn play$' >/dev/null
sleep 0.5
xdotool key Up space
step 35
xdotool keydown Up
step 12
xdotool key space
sleep 0.2
photograph 'sharedqn play' play.png
xdotool keyup Up key q
wait $!

# A run in the midst of its training, in xterm.
(cd "$work" && exec "$program" train --seed 1 --out runs/mine >/dev/null 2>&1) &
training=$!
while [ ! -f "$work/runs/mine/metrics.jsonl" ] || [ "$(wc -l <"$work/runs/mine/metrics.jsonl")" -lt 600 ]; do
    kill -0 $training # it has not failed
    sleep 0.2
done
(cd "$work" && LC_ALL=C.UTF-8 exec xterm -u8 -fa 'DejaVu Sans Mono' -fs 11 -geometry 100x30 -b 8 -bg '#101018' -fg '#e0e0e0' \
    -T 'sharedqn watch' -e "$program" watch runs/mine) &
xdotool search --sync --name '^sharedqn watch$' >/dev/null
sleep 2
photograph 'sharedqn watch' watch.png
kill $! # xterm; the view ends with it
wait $! || true
kill $training
wait $training || true
training=
ls -l "$folder"
