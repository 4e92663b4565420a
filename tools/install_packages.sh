#!/bin/sh
# Install the Debian packages named as arguments, those that are missing. When that is not allowed here, say which command to run.
set -u
if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "this is no Debian: not checked whether these packages (Debian's names) are installed: $*" >&2
    exit 0
fi
missing=
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

say_what_to_run() {
    echo "missing packages:$missing" >&2
    echo "install them as root, then run make again:" >&2
    echo "    apt-get update && apt-get install -y --no-install-recommends$missing" >&2
}
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root=sudo
else
    say_what_to_run
    exit 1
fi
echo "installing:$missing" >&2
# One source that cannot be reached makes `update` fail, though the others may have all that is missing: `install` decides.
$as_root apt-get update -q >&2
# shellcheck disable=SC2086  # the list is meant to be split
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2 && exit 0
echo "that did not work" >&2
say_what_to_run
exit 1
