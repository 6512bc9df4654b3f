#!/bin/bash
# SPDX-License-Identifier: MIT
#
# floors.sh SOURCE - a file of preload/ includes headers of lower floors only. Excepted:
# its own header, floor 0 among itself, and entry.h among the doors.
#
# The floor of a .c is that of the comment `# floor N` above it in preload/CMakeLists.txt,
# of every file the words `Floor N` in its opening comment; where both say one, they agree.
set -u
cd "$1/preload" || exit 1
status=0

complain() {
	echo "$*"
	status=1
}

in_list() { # floors of the list: "FILE N" a line
	awk '
		/# floor [0-9]/ { sub(/.*# floor /, ""); floor = substr($0, 1, 1); next }
		/^[^#]*\(/ && !/^add_library\(curfew MODULE/ { if (!/^\t/) floor = "" }
		floor != "" {
			for (i = 1; i <= NF; i++) {
				name = $i
				gsub(/[()]/, "", name)
				if (name ~ /^[a-z_]+\.c$/) print name, floor
			}
			if (/\)/) floor = ""
		}' CMakeLists.txt
}

in_file() { # what a file says of itself
	grep -o -m1 '\bFloor [0-9]' "$1" | grep -o '[0-9]'
}

declare -A floor
while read -r file number; do
	floor[$file]=$number
done < <(in_list)
[ "${#floor[@]}" -gt 0 ] || complain "no list of floors in preload/CMakeLists.txt"

for file in *.c *.h; do
	said=$(in_file "$file")
	listed=${floor[$file]:-}
	[ -n "$said$listed" ] || complain "$file: nobody says on which floor it is"
	[ -z "$said" ] || [ -z "$listed" ] || [ "$said" = "$listed" ] ||
		complain "$file: says floor $said, preload/CMakeLists.txt floor $listed"
	floor[$file]=${listed:-$said}
	case $file in
	*.c) grep -qw "$file" CMakeLists.txt || complain "$file: is built by nobody" ;;
	esac
done

for file in *.c *.h; do
	own=${file%.c}.h
	mine=${floor[$file]:-9}
	while read -r header; do
		theirs=${floor[$header]:-}
		[ -n "$theirs" ] || { complain "$file: $header is no header of ours"; continue; }
		[ "$header" != "$own" ] || continue
		[ "$theirs" -ge "$mine" ] || continue
		[ "$mine" != 0 ] || [ "$theirs" != 0 ] || continue
		[ "$mine" != 4 ] || [ "$header" != entry.h ] || continue
		complain "$file of floor $mine includes $header of floor $theirs"
	done < <(sed -n 's/^#include "\(.*\)"/\1/p' "$file")
done
exit $status
