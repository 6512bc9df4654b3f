#!/bin/bash
# SPDX-License-Identifier: MIT
#
# sizes.sh SOURCE - files up to 400 lines, functions up to 40, blocks up to three deep
# within a function. The width of lines is clang-format's.
set -u
cd "$1" || exit 1
awk '
	function complain(text) { print FILENAME ":" FNR ": " text; failed = 1 }
	FNR == 1 { inside = 0; files++ }
	FNR == 401 { complain("more than 400 lines") }
	/^\{/ { inside = 1; began = FNR; depth = 0; next }
	/^\}/ {
		if (inside && FNR - began + 1 > 40)
			complain("a function of " FNR - began + 1 " lines")
		functions += inside
		inside = 0
	}
	inside {
		indent = match($0, /[^\t]/)
		if (depth > 0 && /^\t*\}/ && indent == opened[depth])
			depth--
		if (/(\)|else|do) \{[[:space:]]*$/) {
			opened[++depth] = indent
			if (depth > 3)
				complain("blocks more than three deep")
		}
	}
	END {
		if (files < 50 || functions < 300) {
			print "only " files " files, " functions " functions"
			failed = 1
		}
		exit failed
	}' preload/*.[ch] tools/*.[ch] tests/*/*.[ch]
