#!/bin/bash
# SPDX-License-Identifier: MIT
#
# no_own_door.sh MAP OBJECT... - law 5: no object of ours refers to a name that a door of
# ours stands in front of.
set -u
doors=$("$BASH" "$(dirname "$0")/doors.sh" "$1") || exit 1
[ -n "$doors" ] || { echo "no doors in $1"; exit 1; }
shift
status=0
for object; do
	names=$("$NM" -u "$object" | awk '{ print $NF }' | sed 's/@.*//') || exit 1
	while read -r door; do
		echo "$(basename "$object") calls $door, which is a door"
		status=1
	done < <(grep -Fx "$doors" <<<"$names")
done
exit $status
