#!/bin/bash
# SPDX-License-Identifier: MIT
#
# versioned.sh PROGRAM LIBRARY - the versioned reference of PROGRAM is bound to our door
# when the library is preloaded.
set -u
reference=$("$READELF" -W --dyn-syms "$1" | grep -o '\bclose@GLIBC_[0-9.]*')
[ -n "$reference" ] || { echo "$1 has no versioned reference to close"; exit 1; }
bindings=$(LD_BIND_NOW=1 LD_DEBUG=bindings LD_PRELOAD="$2" "$1" 2>&1) ||
	{ echo "$1 failed"; exit 1; }
version=${reference#*@}
grep -F "binding file $1 " <<<"$bindings" | grep -F "\`close' [$version]" |
	grep -Fq "to $2 " || {
	echo "$reference is bound elsewhere:"
	grep -F "\`close'" <<<"$bindings"
	exit 1
}
