#!/bin/bash
# SPDX-License-Identifier: MIT
#
# headings.sh SOURCE - every file begins with its licence; every .c and .h says, under its
# name, what it is, a .c in at most ten lines (but victims); and nothing is left for later.
set -u
cd "$1" || exit 1
status=0

complain() {
	echo "$*"
	status=1
}

opening() { # the lines of the first comment after the licence
	awk 'NR > 1 && /^\/\*$/ { inside = 1; next }
		inside && /^ \*\// { exit }
		inside' "$1"
}

while read -r file; do
	head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
		complain "$file: no SPDX line"
	case $file in
	*.[ch]) ;;
	*) continue ;;
	esac
	opening "$file" | head -n 1 | grep -Fq " * $(basename "$file") - " ||
		complain "$file: does not open with its name and what it is"
	case $file in
	tests/preload/victim_*.c) ;; # their opening is the manual of their verbs
	*.c) [ "$(opening "$file" | wc -l)" -le 10 ] ||
		complain "$file: opens with more than ten lines" ;;
	esac
done < <(find CMakeLists.txt preload tools tests -type f \
	\( -name '*.[ch]' -o -name '*.sh' -o -name CMakeLists.txt -o -name '*.cmake' \))

later='TO''DO|FIX''ME|XX''X'
grep -rnwE "$later" --exclude-dir=.git --exclude-dir='build*' . &&
	complain "something is left for later"
exit $status
