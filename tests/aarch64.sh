#!/bin/sh
# The program and the unit tests on another processor: aarch64.sh FOLDER PROGRAM. Cross-compiled, and run by qemu's emulation of one process.
#
# The tests hold Gymnasium's recorded episodes, so they pass only if the physics has the same bits there. A short training must end with
# the weights of this machine's program. Left out: tests of killing and stopping processes (signals reach the emulator), of failing
# allocations and of measuring, which emulation makes slow, those that train or play much, those whose program starts itself as
# another process, which would not be emulated, the one that loads what this machine's compiler makes,
# and those that draw, with a library that is not unpacked here.
# Prints "ok - " and "not ok - " lines and a closing count.
set -u
cd "$(dirname "$0")/.." || exit 1
mkdir -p "$1" && folder=$(cd "$1" && pwd) || exit 1
program=$2
left_out="test_allocation_failures test_bench test_c_source test_method_table test_e2e_analyze test_e2e_bad_input test_e2e_determinism test_e2e_evaluate
    test_e2e_compare test_e2e_kill_resume test_e2e_methods test_e2e_mpi test_e2e_slurm test_e2e_stop test_e2e_study test_e2e_trace test_e2e_training test_e2e_watch
    test_evaluator_landers test_picture test_view test_e2e_view test_e2e_window"
. tests/verdict.sh
finish() {
    echo "$passed $failed 0" >"$folder/total"
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
}

# The libraries of that processor, unpacked here. A package list of its own leaves the machine's packages and settings as they are.
sysroot=$folder/sysroot
fetch_libraries() {
    apt=$folder/apt
    rm -rf "$apt" "$sysroot" "$folder/packages"
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$folder/packages" && : >"$apt/status" || return 1
    options="-q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State=$apt/state -o Dir::State::status=$apt/status
        -o Dir::Cache=$apt/cache -o Debug::NoLocking=true"
    # shellcheck disable=SC2086  # the options are meant to be split
    apt-get $options update &&
        (cd "$folder/packages" &&
            apt-get $options download libyaml-0-2 libyaml-dev libjansson4 libjansson-dev libcmocka0 libcmocka-dev) || return 1
    for package in "$folder"/packages/*.deb; do dpkg-deb -x "$package" "$sysroot" || return 1; done
    : >"$sysroot/ready"
}
[ -f "$sysroot/ready" ] || fetch_libraries >"$folder/libraries.log" 2>&1
[ -f "$sysroot/ready" ]
verdict $? "libraries for aarch64 are there" "$folder/libraries.log"
[ "$failed" = 0 ] || finish

libraries=$sysroot/usr/lib/aarch64-linux-gnu
tests=
for source in tests/test_*.c; do
    name=$(basename "$source" .c)
    case " $(echo $left_out) " in *" $name "*) ;; *) tests="$tests $name" ;; esac
done
# shellcheck disable=SC2046,SC2086
make --no-print-directory -j "$(nproc 2>/dev/null || echo 2)" BUILD="$folder/build" CC=aarch64-linux-gnu-gcc WERROR=-Werror \
    SAN="-isystem $sysroot/usr/include -L$libraries" "$folder/build/sharedqn" \
    $(for name in $tests; do echo "$folder/build/tests/$name"; done) >"$folder/build.log" 2>&1
verdict $? "builds for aarch64 without a warning" "$folder/build.log"
[ "$failed" = 0 ] || finish

mkdir -p "$folder/run"
wrap() { # wrap PROGRAM NAME: a script that runs it
    printf '#!/bin/sh\nexec qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH="%s" "%s" "$@"\n' \
        "$libraries:/usr/aarch64-linux-gnu/lib" "$1" >"$folder/run/$2" && chmod +x "$folder/run/$2"
}
wrap "$folder/build/sharedqn" sharedqn
programs=
for name in $tests; do
    wrap "$folder/build/tests/$name" "$name"
    programs="$programs $folder/run/$name"
done
# shellcheck disable=SC2086
SHAREDQN=$folder/run/sharedqn tests/run.sh "$folder/logs" $programs >"$folder/tests.log" 2>&1
verdict $? "unit tests and recorded episodes pass on aarch64 ($(tail -n 1 "$folder/tests.log"))" "$folder/tests.log"

train_hash() { # train_hash PROGRAM LEVEL: SHA-256 of the final weights of the short run
    rm -rf "$folder/short"
    # shellcheck disable=SC2046
    "$1" train --out "$folder/short" --isa "$2" $(sh tests/short_run.sh) >"$folder/train.log" 2>&1 &&
        sha256sum <"$folder/short/final.safetensors" | cut -d' ' -f1
}
expected=$(train_hash "$program" auto)
for isa in scalar neon; do
    found=$(train_hash "$folder/run/sharedqn" $isa)
    echo "$found, expected $expected" >>"$folder/train.log"
    [ -n "$found" ] && [ "$found" = "$expected" ]
    verdict $? "aarch64, kernels $isa: the weights have the SHA-256 of $(uname -m)" "$folder/train.log"
done
finish
