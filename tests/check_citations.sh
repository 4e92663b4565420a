#!/bin/sh
# The pages of docs/ cite the code by names, not by lines, which move: files that are cited must be there, `name` in `file` must be found in
# that file, and any other name with an underscore somewhere in the code.
set -u
cd "$(dirname "$0")/.." || exit 1
words=$(mktemp) || exit 1
trap 'rm -f "$words"' EXIT
find src include bench python web -name '*.[ch]' -o -name '*.py' -o -name '*.js' | xargs cat | tr -cs 'A-Za-z0-9_' '\n' | sort -u >"$words"

# Lines "PAGE NAME FILE"; FILE is "-" where the page names none. Between backquotes are the odd pieces of a page.
citations() {
    awk '
        FNR == 1 { page() ; path = FILENAME; text = ""; fenced = 0 }
        /^ *```/ { fenced = !fenced; next }
        !fenced { text = text " " $0 }
        END { page() }
        function page(    n, i, pieces, file) {
            n = split(text, pieces, "`")
            file = "-"
            for (i = n % 2 ? n - 1 : n; i >= 2; i -= 2) {
                if (pieces[i + 1] ~ /^[ \n]+in[ \n]+$/ && pieces[i + 2] ~ /\.[ch]$/) file = pieces[i + 2]
                else if (pieces[i + 1] !~ /^(,| and)[ \n]+$/) file = "-"
                if (pieces[i] ~ /^[A-Za-z0-9_.\/-]+$/) print path, pieces[i], file
            }
        }' README.md docs/*.md docs/*/*.md | sort -u
}

wrong=$(citations | while read -r page name file; do
    case $name in
    src/* | tests/* | tools/* | bench/* | configs/* | include/* | python/* | web/*)
        [ -e "$name" ] || echo "$page: $name is not there"
        ;;
    */*) ;;
    *.[ch])
        [ -n "$(find . -name "build*" -prune -o -name "$name" -print)" ] || echo "$page: there is no $name"
        ;;
    *)
        if [ "$file" != - ] && [ -e "$file" ]; then
            grep -qw -- "$name" "$file" || echo "$page: $name is not in $file"
        elif printf '%s\n' "$name" | grep -qE '^[a-z0-9]+(_[a-z0-9]+)+$'; then
            grep -qxF -- "$name" "$words" || echo "$page: $name is nowhere in the code"
        fi
        ;;
    esac
done)
if [ -n "$wrong" ]; then
    echo "$wrong"
    echo "not ok - the pages cite code that is there"
    exit 1
fi
echo "ok - the pages cite code that is there"
