#!/bin/sh
# What the compilers, sanitizers and linters say: check.sh FOLDER. Prints "ok - " and "not ok - " lines and a closing count.
#
# The final weights of a short training must have one SHA-256 whatever the compiler, the optimisation level, the kernel level and the
# processor.
set -u
cd "$(dirname "$0")/.." || exit 1
folder=$1
mkdir -p "$folder"
. tests/verdict.sh
jobs=$(nproc 2>/dev/null || echo 2)
short_run=$(sh tests/short_run.sh)

build() { # build NAME COMPILER OPTIMISATION
    make --no-print-directory -j "$jobs" BUILD="$folder/$1" CC="$2" OPT="$3" WERROR=-Werror \
        "$folder/$1/sharedqn" "$folder/$1/bench/fma_peak" >"$folder/$1.log" 2>&1
    verdict $? "$2 $3 builds without a warning" "$folder/$1.log"
}
levels=scalar
grep -qw avx2 /proc/cpuinfo && levels="$levels avx2"
grep -qw avx512dq /proc/cpuinfo && levels="$levels avx512"
[ "$(uname -m)" = aarch64 ] && levels="$levels neon"

combinations="gcc-O3 gcc-O0 clang-O3 clang-O0"
for name in $combinations; do build "$name" "${name%-*}" "-${name#*-}"; done
# train-LEVEL.hash in the folder of a build: SHA-256 of the final weights of the short run. One core each, so all of them side by side.
for name in $combinations; do
    for isa in $levels; do printf '%s\n' "$folder/$name" "$isa"; done
done | xargs -P "$jobs" -n 2 sh -c 'run=$1/train-$2
    rm -rf "$run" "$run.hash"
    "$1/sharedqn" train --out "$run" --isa "$2" $0 >"$run.log" 2>&1 &&
        sha256sum <"$run/final.safetensors" | cut -d" " -f1 >"$run.hash"' "$short_run" 2>"$folder/trainings.log"
verdict $? "the short trainings end" "$folder/trainings.log"
expected=$(cat "$folder/gcc-O3/train-scalar.hash" 2>/dev/null)
for name in $combinations; do
    for isa in $levels; do
        run=$folder/$name/train-$isa
        found=$(cat "$run.hash" 2>/dev/null)
        echo "$found, expected $expected" >>"$run.log"
        [ -n "$found" ] && [ "$found" = "$expected" ]
        verdict $? "${name%-*} -${name#*-}, kernels $isa: the weights have the expected SHA-256" "$run.log"
    done
done

flags="-std=c11 -D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=200809L -Iinclude -Isrc $(mpicc --showme:compile 2>/dev/null)" # the helper for MPI needs its headers
ls include/*.h src/*/*.h | xargs -P "$jobs" -n 1 sh -c 'echo "#include \"${1#src/}\"" | gcc $0 -fsyntax-only -x c -' "$flags" 2>"$folder/headers.log"
[ ! -s "$folder/headers.log" ]
verdict $? "every header compiles on its own" "$folder/headers.log"

# `make test` is gcc -O3; the other end is clang -O0. Left out there: the tests of what starts, collects and reports on many runs, which are
# long and compute nothing that the others do not, the one that runs every method by the program (test_method_table does so within one
# process, on the best level), and the one that measures speed.
make --no-print-directory -j "$jobs" BUILD="$folder/clang-O0" CC=clang OPT=-O0 WERROR=-Werror \
    TESTS_LEFT_OUT="test_e2e_study test_e2e_compare test_e2e_analyze test_e2e_mpi test_e2e_slurm test_e2e_methods test_bench" \
    run-test >"$folder/clang-O0.tests.log" 2>&1
verdict $? "the tests pass with clang -O0" "$folder/clang-O0.tests.log"
san="-fsanitize=address,undefined -fno-sanitize-recover=all"
make --no-print-directory -j "$jobs" BUILD="$folder/sanitized" CC=gcc OPT=-O1 SAN="$san" WERROR=-Werror run-test >"$folder/sanitized.log" 2>&1
verdict $? "all tests pass under AddressSanitizer and UBSan" "$folder/sanitized.log"

make --no-print-directory run-bench-tests >"$folder/bench.log" 2>&1
verdict $? "the scripts of bench/ see a bound that does not hold" "$folder/bench.log"

# One file a call: from the second on, clang-tidy 14 takes every va_list for uninitialised.
ls src/*/*.c bench/*.c web/*.c | grep -v '_isa\.c$' | xargs -P "$jobs" -n 1 sh -c 'flags=$0; clang-tidy --quiet "$@" -- $flags' "$flags" >"$folder/tidy.log" 2>"$folder/tidy.err"
verdict $? "clang-tidy finds nothing" "$folder/tidy.log"
# The kernels, as they are compiled for AVX2. Their indices are small by construction, and widened by the compiler.
kernel_flags="$flags -mavx2 -mfma -DSDQN_ISA=avx2 -DSDQN_ISA_avx2=1"
[ "$(uname -m)" = x86_64 ] || kernel_flags="$flags -DSDQN_ISA=scalar -DSDQN_ISA_scalar=1"
ls src/*/*_isa.c | xargs -P "$jobs" -n 1 sh -c 'flags=$0
    clang-tidy --quiet --checks=-bugprone-implicit-widening-of-multiplication-result,-bugprone-misplaced-widening-cast "$@" -- $flags' \
    "$kernel_flags" >"$folder/tidy_kernels.log" 2>"$folder/tidy_kernels.err"
verdict $? "clang-tidy finds nothing in the kernels" "$folder/tidy_kernels.log"
mkdir -p "$folder/cppcheck" # without a folder, several jobs leave out what crosses functions
cppcheck --quiet -j "$jobs" --cppcheck-build-dir="$folder/cppcheck" --std=c11 --error-exitcode=1 --enable=warning,portability,performance --inline-suppr \
    --suppress=missingIncludeSystem -D_DEFAULT_SOURCE -D__x86_64__ -Iinclude -Isrc src bench web >"$folder/cppcheck.log" 2>&1
verdict $? "cppcheck finds nothing" "$folder/cppcheck.log"

"$folder/gcc-O3/sharedqn" --help=mdoc >"$folder/sharedqn.1"
mandoc -Tlint -Wstyle "$folder/sharedqn.1" >"$folder/mandoc.log" 2>&1
verdict $? "mandoc finds nothing in the manual page" "$folder/mandoc.log"
"$folder/gcc-O3/sharedqn" --help=bash >"$folder/sharedqn.bash"
shellcheck "$folder/sharedqn.bash" tests/test_install.sh >"$folder/shellcheck.log" 2>&1
verdict $? "shellcheck finds nothing in the completion" "$folder/shellcheck.log"

if [ "$(uname -m)" = x86_64 ]; then
    rm -f "$folder/aarch64/total"
    tests/aarch64.sh "$folder/aarch64" "$folder/gcc-O3/sharedqn" | grep -E '^(ok|not ok|    )'
    read -r more_passed more_failed rest <"$folder/aarch64/total" || more_passed=0 more_failed=1
    passed=$((passed + more_passed)) failed=$((failed + more_failed))
fi

echo "$passed $failed 0" >"$folder/total"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
