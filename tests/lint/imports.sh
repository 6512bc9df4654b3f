#!/bin/bash
# SPDX-License-Identifier: MIT
#
# imports.sh LIBRARY LIST - the library takes from libc only what LIST allows and gives a
# reason for: `NAME reason` a line. Laws 6, 10 and 13 rest on that: nothing there
# allocates, ends the process, starts a thread or reads symbols.
set -u
status=0
while read -r name; do
	awk -v name="$name" '$1 == name && NF > 1 { found = 1 } END { exit !found }' "$2" &&
		continue
	echo "$(basename "$1") imports $name, which imports.txt does not allow"
	status=1
done < <("$NM" -D -u "$1" | awk '{ print $NF }' | sed 's/@.*//' | sort -u)
grep -q '^dlvsym ' "$2" || { echo "imports.txt is not the list that it should be"; status=1; }
exit $status
