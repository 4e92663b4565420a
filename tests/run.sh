#!/bin/sh
# Run test programs, two at a time on each core since many of them wait, and add up what they say: run.sh LOG_DIRECTORY PROGRAM...
# A cmocka program says how many tests passed, failed and were skipped; one that dies before it says so counts as one failure.
# A shell test prints "ok - NAME", "not ok - NAME" or "skip - NAME" lines. A program that takes 5 s or more is shown with its time.
set -u
logs=$1
shift
# Of programs built with a leak checker: what is not ours.
export LSAN_OPTIONS="suppressions=$PWD/tests/leaks_of_others.txt:print_suppressions=0${LSAN_OPTIONS:+:$LSAN_OPTIONS}"
mkdir -p "$logs" && rm -f "$logs"/*.log "$logs"/*.status "$logs"/*.seconds
printf '%s\n' "$@" | xargs -P $((2 * $(nproc 2>/dev/null || echo 1))) -I '{}' sh -c '
    name=$(basename "$1") begin=$(date +%s)
    "$1" >"$2/$name.log" 2>&1
    echo $? >"$2/$name.status"
    echo $(($(date +%s) - begin)) >"$2/$name.seconds"' sh '{}' "$logs"

skipped_names() { sed -n -e 's/^\[  SKIPPED \] \([a-z_0-9]*\)$/\1/p' -e 's/^skip - //p' "$1" | sort -u | paste -sd, - | sed "s/,/, /g"; }

total_passed=0 total_failed=0 total_skipped=0
for program in "$@"; do
    name=$(basename "$program")
    log=$logs/$name.log
    status=$(cat "$logs/$name.status" 2>/dev/null || echo 1)
    count() { sed -n "s/^\[  $1 *\] \([0-9][0-9]*\) test(s).*/\1/p" "$log" | awk '{ n += $1 } END { print n + 0 }'; }
    passed=$(($(count PASSED) + $(grep -c '^ok - ' "$log")))
    failed=$(($(count FAILED) + $(grep -c '^not ok - ' "$log")))
    skipped=$(($(count SKIPPED) + $(grep -c '^skip - ' "$log")))
    [ "$status" = 0 ] || [ "$failed" -gt 0 ] || failed=1
    [ $((passed + failed + skipped)) -gt 0 ] || failed=1
    printf '%-28s %3d passed' "$name" "$passed"
    [ "$failed" = 0 ] || printf ', %d failed' "$failed"
    [ "$skipped" = 0 ] || printf ', %d skipped: %s' "$skipped" "$(skipped_names "$log")"
    seconds=$(cat "$logs/$name.seconds" 2>/dev/null || echo 0)
    [ "$seconds" -lt 5 ] || printf ', %d s' "$seconds"
    echo
    if [ "$failed" != 0 ]; then
        grep -vE '^\[ (RUN |      OK |=)' "$log" | tail -n 60 | sed 's/^/    /'
        echo "    (exit status $status; all of it in $log)"
    fi
    total_passed=$((total_passed + passed)) total_failed=$((total_failed + failed)) total_skipped=$((total_skipped + skipped))
done
echo "$total_passed $total_failed $total_skipped" >"$logs/total"
echo "$total_passed passed, $total_failed failed, $total_skipped skipped"
[ "$total_failed" = 0 ]
