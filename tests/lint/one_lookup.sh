#!/bin/bash
# SPDX-License-Identifier: MIT
#
# one_lookup.sh OBJECT... - law 6: nothing is looked up with dlvsym on the way of a close:
# only in real.c, from the constructor. Thread-local memory needs no allocation
# (initial-exec).
set -u
status=0

complain() {
	echo "$*"
	status=1
}

# "OBJECT NAME" for every name that is looked for elsewhere
names=$("$NM" -A -u "$@" | awk '{ object = $1; sub(/:.*/, "", object)
	sub(/.*\//, "", object); name = $NF; sub(/@.*/, "", name); print object, name }') || exit 1
grep -q ' dlvsym$' <<<"$names" || complain "no object calls dlvsym: is this the list of objects?"
while read -r object name; do
	case $object,$name in
	real.c.o,dlvsym) ;;
	*) complain "$object calls $name" ;;
	esac
done < <(grep -E ' (dlsym|dlvsym|__tls_get_addr)$' <<<"$names")
while read -r object; do
	complain "$object: thread-local memory that is not initial-exec"
done < <("$READELF" -r "$@" | awk '/^File: / { object = $2; sub(/.*\//, "", object) }
	/TLSGD|TLSLD|TLSDESC|DTPMOD/ { print object }' | sort -u)
exit $status
