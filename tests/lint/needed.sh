#!/bin/bash
# SPDX-License-Identifier: MIT
#
# needed.sh LIBRARY - it needs libc and no other library, and its tag says that it cannot
# be unloaded and is bound at once.
set -u
needed=$("$READELF" -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[ "$needed" = libc.so.6 ] || { echo "needs: $needed"; exit 1; }
for flag in NOW NODELETE; do
	"$READELF" -d "$1" | grep -Eq "FLAGS.*\b$flag\b" || { echo "not linked $flag"; exit 1; }
done
