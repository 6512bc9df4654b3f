#!/bin/bash
# SPDX-License-Identifier: MIT
#
# contracts.sh SOURCE - every prototype in a header stands under a comment. Prototypes
# that follow each other without an empty line share one.
set -u
cd "$1" || exit 1
awk '
	FNR == 1 { covered = 0; seen++ }
	/\*\/[[:space:]]*$/ { covered = 1; next }
	/^[[:space:]]*$/ { covered = 0; next }
	/^[a-z][A-Za-z_0-9 \t*]*\(/ && !/^(typedef|static)/ {
		count++
		if (!covered) {
			print FILENAME ":" FNR ": no contract: " $0
			failed = 1
		}
		covered = 1
	}
	END {
		if (count < 50) { print "only " count " prototypes in " seen " headers"; failed = 1 }
		exit failed
	}' preload/*.h tools/*.h tests/*/*.h
