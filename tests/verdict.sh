# verdict.sh: counted verdicts of a check, for shell scripts to read in.
passed=0 failed=0
verdict() { # verdict STATUS NAME LOG
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        echo "ok - $2"
    else
        failed=$((failed + 1))
        echo "not ok - $2"
        tail -n 40 "$3" | sed 's/^/    /'
    fi
}
