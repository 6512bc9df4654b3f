#!/bin/bash
# SPDX-License-Identifier: MIT
#
# doors.sh MAP - the names that the linker map exports, one a line. For the other lints.
set -eu
sed -n '/global:/,/local:/p' "$1" | grep -o '^[[:space:]]*[A-Za-z_][A-Za-z_0-9]*;' |
	tr -d ' \t;' | sort
