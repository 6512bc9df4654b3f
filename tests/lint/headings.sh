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

# Of each file its licence line, the first line of its opening comment and the length of that.
while IFS='|' read -r file licence first length; do
	[ "$licence" = 1 ] || complain "$file: no SPDX line"
	case $file in
	*.[ch]) ;;
	*) continue ;;
	esac
	[ "$first" = 1 ] || complain "$file: does not open with its name and what it is"
	case $file in
	tests/preload/victim_*.c) ;; # their opening is the manual of their verbs
	*.c) [ "$length" -le 10 ] || complain "$file: opens with more than ten lines" ;;
	esac
done < <(find CMakeLists.txt preload tools tests -type f \
	\( -name '*.[ch]' -o -name '*.cc' -o -name '*.sh' -o -name CMakeLists.txt -o \
	-name '*.cmake' \) -exec awk '
	function tell() { if (file) print file "|" licence "|" first "|" length_ }
	FNR == 1 { tell(); file = FILENAME; licence = first = length_ = inside = over = 0
		name = FILENAME; sub(/.*\//, "", name) }
	FNR <= 2 && /SPDX-License-Identifier: MIT/ { licence = 1 }
	over { next }
	FNR > 1 && /^\/\*$/ && !inside { inside = 1; next }
	inside && /^ \*\// { over = 1; next }
	inside { if (++length_ == 1 && index($0, " * " name " - ") == 1) first = 1 }
	END { tell() }' {} +)

later='TO''DO|FIX''ME|XX''X'
grep -rnwE "$later" --exclude-dir=.git --exclude-dir='build*' . &&
	complain "something is left for later"
exit $status
