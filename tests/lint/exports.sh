#!/bin/bash
# SPDX-License-Identifier: MIT
#
# exports.sh LIBRARY MAP - the library exports the doors of the map, without a version,
# and nothing else.
set -eu
doors=$("$BASH" "$(dirname "$0")/doors.sh" "$2")
exported=$("$NM" -D --defined-only "$1" | awk '{ print $NF }' | sort)
[ -n "$doors" ]
diff <(echo "$doors") <(echo "$exported") || {
	echo "< in the map, > in the library"
	exit 1
}
