#!/bin/bash
# SPDX-License-Identifier: MIT
#
# no_own_door.sh MAP OBJECT... - law 5: no object of ours refers to a name that a door of
# ours stands in front of. Excepted: the thunks of door_dl.S, which lead to doors.
set -u
doors=$("$BASH" "$(dirname "$0")/doors.sh" "$1") || exit 1
[ -n "$doors" ] || { echo "no doors in $1"; exit 1; }
shift
names=$("$NM" -A -u "$@" | awk '{ object = $1; sub(/:.*/, "", object)
	sub(/.*\//, "", object); name = $NF; sub(/@.*/, "", name); print object, name }') || exit 1
awk 'NR == FNR { door[$1]; next }
	$1 != "door_dl.S.o" && $2 in door { print $1 " calls " $2 ", which is a door"; failed = 1 }
	END { exit failed }' <(echo "$doors") <(echo "$names")
