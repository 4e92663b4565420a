#!/bin/sh
# make install into a folder: the program runs there, a C program is compiled with what is there, shared and static, manual page and
# completion name what the program has, and make uninstall leaves nothing.
# $BUILD is the build folder, $CC the compiler it was built with. Prints "ok - " and "not ok - " lines.
# shellcheck disable=SC2317  # the functions are called by check
set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build} compiler=${CC:-cc} san=${SAN:-} failed=0
folder=$(mktemp -d /tmp/sdqn_install_XXXXXX) || exit 1
trap 'rm -rf "$folder"' EXIT
check() { # check NAME COMMAND...
    name=$1
    shift
    if "$@" >"$folder/log" 2>&1; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        sed 's/^/    /' "$folder/log"
        failed=1
    fi
}
stage=$folder/stage prefix=/opt/some/place
make_here() { make --no-print-directory BUILD="$build" CC="$compiler" SAN="$san" DESTDIR="$stage" PREFIX="$prefix" "$@"; }
check "make install" make_here run-install

root=$stage$prefix program=$stage$prefix/bin/sharedqn
tree() { (cd "$root" && find . ! -type d ! -name 'sharedqn-*.so' | LC_ALL=C sort); }
version=$("$program" --version | cut -d' ' -f2)
files_are_there() {
    printf '%s\n' ./bin/sharedqn ./include/sharedqn.h ./lib/libsharedqn.a ./lib/libsharedqn.so ./lib/libsharedqn.so.0 \
        "./lib/libsharedqn.so.$version" ./lib/pkgconfig/sharedqn.pc ./share/bash-completion/completions/sharedqn \
        ./share/man/man1/sharedqn.1 >"$folder/expected"
    tree | diff "$folder/expected" -
}
check "all files are there, and no others" files_are_there
program_runs() { (cd / && "$program" --version && "$program" --help | grep -q train); }
check "the installed program runs" program_runs

blanks_are_refused() { # the folder's name ends at the blank for make, which must then touch nothing
    for target in run-install uninstall; do
        echo kept >"$folder/a"
        if make_here "$target" DESTDIR= PREFIX="$folder/a b"; then return 1; fi
        [ "$(cat "$folder/a")" = kept ] && [ ! -e "$folder/a b" ] && [ ! -e b ] || return 1
    done
}
check "a folder with a blank in its name is refused" blanks_are_refused

other_folders_are_refused() { # nothing may be written before
    for folders in "PREFIX=here" "PREFIX=~/here" "PREFIX=$folder/it's" "PREFIX=$folder/a&b" "PREFIX=$folder/a|b" "LIBDIR=lib" \
        "COMPLETIONDIR=$folder/trail "; do
        for target in run-install uninstall; do
            if make_here "$target" "$folders" >"$folder/said" 2>&1; then echo "$target $folders is not refused"; return 1; fi
            grep -q "install into a folder" "$folder/said" || { cat "$folder/said"; return 1; }
        done
    done
    [ ! -e here ] && [ ! -e '~' ]
}
check "other folders that would go wrong are refused" other_folders_are_refused
older_goes() {
    mkdir -p "$root/lib/sharedqn" && echo old >"$root/lib/libsharedqn.so.0.0.1" && echo old >"$root/lib/sharedqn/sharedqn-old.so" &&
        make_here run-install && files_are_there && [ ! -e "$root/lib/sharedqn/sharedqn-old.so" ]
}
check "an older version's library and helpers go" older_goes

# pkg-config finds the folder where it is staged.
package() { PKG_CONFIG_PATH=$root/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$stage pkg-config "$@" sharedqn; }
version_is_the_programs() { [ "$(package --modversion)" = "$version" ]; }
check "pkg-config knows the program's version" version_is_the_programs

weights=$PWD/tests/data/trained.safetensors
expected=$("$program" evaluate --weights "$weights" --task windy --episodes 1 --seed 7 --json |
    sed -n 's/.*"mean": \(-*[0-9.]*\), "std".*/\1/p' | head -n 1)
lands() { # lands PROGRAM: what the program itself says of the same episode
    found=$("$1" "$weights" windy 7) && echo "$found, expected $expected" && [ "$found" = "windy, seed 7: return $(printf %.2f "$expected")" ]
}
shared() {
    # shellcheck disable=SC2046,SC2086  # flags are meant to be split
    "$compiler" -std=c11 -Wall -Wextra -Werror -pedantic $san examples/land.c $(package --cflags --libs) -o "$folder/shared" &&
        LD_LIBRARY_PATH=$root/lib lands "$folder/shared"
}
check "examples/land.c with the shared library" shared
needs_the_soname() { LD_LIBRARY_PATH=$root/lib ldd "$folder/shared" | grep -q "libsharedqn.so.0 => $root/lib"; }
check "it is bound to the library's version" needs_the_soname
static() {
    # shellcheck disable=SC2046,SC2086
    "$compiler" -std=c11 -Wall -Wextra -Werror -pedantic $san examples/land.c $(package --cflags) -Wl,-Bstatic -L"$root/lib" -lsharedqn \
        -Wl,-Bdynamic $(package --static --libs | sed 's/-lsharedqn//') -o "$folder/static" && lands "$folder/static"
}
check "examples/land.c with the static library" static
tells_what_is_wrong() { ! "$folder/static" "$folder/none" 2>"$folder/err" && grep -q "^land: $folder/none: cannot open" "$folder/err"; }
check "examples/land.c names a file that is missing" tells_what_is_wrong

commands=$("$program" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' | paste -sd" ")
page_is_whole() {
    for command in $commands; do
        grep -qx "\.Ss $command" "$root/share/man/man1/sharedqn.1" || { echo "no $command"; return 1; }
        for option in $("$program" "$command" --help | sed -n 's/^  --\([a-z0-9-]*\).*/\1/p'); do
            escaped=$(echo "$option" | sed 's/-/\\\\-/g')
            grep -q "^\.It Fl \\\\&-$escaped\( \|$\)" "$root/share/man/man1/sharedqn.1" || { echo "no --$option of $command"; return 1; }
        done
    done
}
check "the manual page has every command and option" page_is_whole

completes() { # completes EXPECTED WORD...: what the completion offers for the last word
    wanted=$1
    shift
    # shellcheck disable=SC2016  # for the other shell
    offered=$(bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sharedqn; echo "${COMPREPLY[*]}"' \
        - "$root/share/bash-completion/completions/sharedqn" sharedqn "$@")
    echo "$*: $offered, expected $wanted"
    [ "$offered" = "$wanted" ]
}
completion_works() {
    completes "$commands --help --version" "" && completes evaluate ev && completes "safetensors onnx c" export --format "" &&
        completes onnx export --format = on && completes "brc brc-small brc-published" train --method b &&
        completes "true false" train --dueling "" && completes "--learning-rate --learned-prior" train --lear &&
        completes "" evaluate "" && completes --json evaluate runs/mine --j
}
check "the completion offers commands, options and values" completion_works

uninstalls() { make_here uninstall && [ -z "$(find "$stage" ! -type d)" ]; }
check "make uninstall leaves no file" uninstalls
exit $failed
