# verdict.sh: counted verdicts of a check, for shell scripts to read in. Each says how long it took since the one before: where the time of
# a check goes should be seen before it is too much.
passed=0 failed=0 verdict_time=$(date +%s)
verdict() { # verdict STATUS NAME LOG
    verdict_took=$(($(date +%s) - verdict_time))
    verdict_time=$((verdict_time + verdict_took))
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        echo "ok - $2, $verdict_took s"
    else
        failed=$((failed + 1))
        echo "not ok - $2, $verdict_took s"
        tail -n 40 "$3" | sed 's/^/    /'
    fi
}
