#!/bin/bash
# SPDX-License-Identifier: MIT
#
# one_lookup.sh OBJECT... - law 6: nothing is looked up with dlsym on the way of a close:
# only in real.c, from the constructor. Thread-local memory needs no allocation
# (initial-exec).
set -u
status=0
found=0
for object; do
	names=$("$NM" -u "$object" | awk '{ print $NF }' | sed 's/@.*//') || exit 1
	if grep -Eqx 'dlsym|dlvsym' <<<"$names"; then
		found=1
		case $(basename "$object") in
		real.c.o) ;;
		*) echo "$(basename "$object") calls dlsym"; status=1 ;;
		esac
	fi
	if grep -Eqx '__tls_get_addr' <<<"$names" || "$READELF" -r "$object" |
		grep -Eq 'TLSGD|TLSLD|TLSDESC|DTPMOD'; then
		echo "$(basename "$object"): thread-local memory that is not initial-exec"
		status=1
	fi
done
[ $found = 1 ] || { echo "no object calls dlsym: is this the list of objects?"; status=1; }
exit $status
