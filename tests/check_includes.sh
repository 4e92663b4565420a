#!/bin/sh
# Each room under src/ includes only itself and the rooms before it; the learning rooms do not know the lander at all.
set -u
cd "$(dirname "$0")/.." || exit 1
wrong=$(grep -n '^ *# *include *"' src/*/*.[ch] | awk -F: '
    BEGIN { n = split("core physics lander nn exchange dqn methods run watch plot analysis study verify view api cli helpers", rooms, " "); for (i = 1; i <= n; i++) rank[rooms[i]] = i }
    {
        split($1, path, "/"); from = path[2]
        split($3, quoted, "\""); split(quoted[2], target, "/"); to = target[1]
        if (!(from in rank)) print $1 ": " from " is not a room"
        else if (!(to in rank)) print $1 ":" $2 ": includes \"" quoted[2] "\", which is in no room"
        else if (rank[to] > rank[from]) print $1 ":" $2 ": " from " may not include " quoted[2]
        else if (from ~ /^(nn|exchange|dqn|methods)$/ && to ~ /^(physics|lander)$/) print $1 ":" $2 ": " from " may not know " quoted[2]
    }')
if [ -n "$wrong" ]; then
    echo "$wrong"
    echo "not ok - includes point the right way"
    exit 1
fi
echo "ok - includes point the right way"
