#!/bin/bash
# SPDX-License-Identifier: MIT
#
# format.sh SOURCE - every file is as clang-format 14 writes it: other versions differ.
set -u
cd "$1" || exit 1
formatter=
for name in clang-format-14 clang-format; do
	"$name" --version 2>/dev/null | grep -q 'version 14\.' && formatter=$name && break
done
if [ -z "$formatter" ]; then
	echo "no clang-format 14 here"
	[ "${CURFEW_TEST_REQUIRE_ALL:-0}" = 1 ] && exit 1
	exit 77
fi
"$formatter" --dry-run -Werror preload/*.[ch] tools/*.[ch] tests/*/*.[ch]
