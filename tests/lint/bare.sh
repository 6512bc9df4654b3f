#!/bin/bash
# SPDX-License-Identifier: MIT
#
# bare.sh SOURCE LIST OBJECT... - the code of bare tasks touches no thread-local memory, no
# sanitizer and no libc.
#
# Which files these are, preload/CMakeLists.txt says: those built -ffreestanding. They may
# refer to each other, and to what LIST names: `FILE NAME reason` a line, for the side of
# the caller.
set -u
files=$(awk '
	/^set_source_files_properties\(/ { text = "" }
	{ text = text " " $0 }
	/-ffreestanding/ { print text }' "$1/preload/CMakeLists.txt" |
	grep -o 'set_source_files_properties(.*PROPERTIES' | grep -o '[a-z_]*\.c')
list=$2
shift 2
status=0
[ -n "$files" ] || { echo "no file of preload/CMakeLists.txt is built -ffreestanding"; exit 1; }

bare=()
for file in $files; do
	for object; do
		[ "$(basename "$object")" != "$file.o" ] || bare+=("$object")
	done
done
[ "${#bare[@]}" = "$(wc -w <<<"$files")" ] || { echo "objects: ${bare[*]}"; exit 1; }
own=$("$NM" --defined-only "${bare[@]}" | awk 'NF == 3 { print $3 }')

for object in "${bare[@]}"; do
	file=$(basename "$object" .o)
	while read -r name; do
		[ "$name" != _GLOBAL_OFFSET_TABLE_ ] || continue
		! grep -qx "$name" <<<"$own" || continue
		awk -v file="$file" -v name="$name" '
			$1 == file && $2 == name && NF > 2 { found = 1 }
			END { exit !found }' "$list" && continue
		echo "$file refers to $name"
		status=1
	done < <("$NM" -u "$object" | awk '{ print $NF }')
	if "$OBJDUMP" -d --no-show-raw-insn "$object" | grep -Em1 '%fs:|%gs:|tpidr'; then
		echo "$file touches thread-local memory"
		status=1
	fi
	if "$READELF" -Wr "$object" | grep -Em1 'TPOFF|TLS|DTPOFF|DTPMOD'; then
		echo "$file is relocated to thread-local memory"
		status=1
	fi
done
exit $status
