#!/bin/sh
# Install the Debian packages named as arguments, those that are missing. When that is not allowed here, say which command to run.
set -u
missing=
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

command="apt-get update && apt-get install -y --no-install-recommends$missing"
if ! command -v apt-get >/dev/null 2>&1; then
    echo "missing packages (Debian's names):$missing; apt-get is not here to install them" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root=sudo
else
    echo "missing packages:$missing" >&2
    echo "install them as root, then run make again:" >&2
    echo "    $command" >&2
    exit 1
fi
echo "installing:$missing" >&2
$as_root apt-get update -q >&2 || exit 1
# shellcheck disable=SC2086  # the list is meant to be split
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2
