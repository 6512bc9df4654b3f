# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# prepare.bash - for tools/demo and tools/test: install what is missing, make a build tree.
#
# Read, not run. Whatever cannot be done ends the script with one line and status 125.
repository=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

say() {
	printf 'tools/%s: %s\n' "${0##*/}" "$*"
}

fail() {
	say "$*" >&2
	exit 125
}

# The entries of tools/packages in these sections.
entries() {
	local line section=
	while read -r line; do
		case $line in
		'#'* | '') ;;
		'['*']') section=${line//[\[\]]/} ;;
		*) [[ " $* " != *" $section "* ]] || printf '%s\n' "$line" ;;
		esac
	done <"$repository/tools/packages"
}

# Is one of the packages of this entry installed?
is_installed() {
	local name names
	IFS='|' read -ra names <<<"$1"
	for name in "${names[@]}"; do
		# shellcheck disable=SC2016 # dpkg-query expands it
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ] ||
			return 0
	done
	return 1
}

# The first package of this entry that apt could install.
available() {
	local name names
	IFS='|' read -ra names <<<"$1"
	for name in "${names[@]}"; do
		if apt-cache policy "$name" | grep -q '^  Candidate: [^(]'; then
			printf '%s\n' "$name"
			return
		fi
	done
	return 1
}

# Store in `chosen` a package for each of these entries.
choose() {
	local entry name
	chosen=()
	for entry; do
		name=$(available "$entry") || return 1
		chosen+=("$name")
	done
}

apt_get() {
	local -a root=()
	[ "$(id -u)" = 0 ] || root=(sudo)
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"
}

update_lists() {
	say 'fetching the lists of packages (apt-get update)'
	apt_get update >/dev/null || fail 'apt-get update does not work here: see above'
}

install_chosen() {
	say "installing ${chosen[*]}"
	apt_get install -y --no-install-recommends "${chosen[@]}" >/dev/null
}

# Install what is missing of these sections.
install_missing() {
	local entry
	local -a missing=() chosen=()
	while read -r entry; do
		is_installed "$entry" || missing+=("$entry")
	done < <(entries "$@")
	if [ ${#missing[@]} = 0 ]; then
		say 'all packages are here'
		return
	fi
	local by_hand="${missing[*]%%|*}"
	command -v apt-get >/dev/null ||
		fail "no apt-get here: install what Debian calls $by_hand, then build as in README.md"
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
		fail "not root and no sudo: have somebody run: apt-get install $by_hand"
	if ! choose "${missing[@]}"; then
		update_lists
		choose "${missing[@]}" ||
			fail "apt-get does not know all of these: $by_hand (on Ubuntu: enable universe)"
	fi
	install_chosen && return
	# The lists may be older than the archive.
	update_lists
	install_chosen || fail "apt-get cannot install ${chosen[*]}: see above"
}

# What a build tree is good for: this place, system and compiler.
maker() {
	printf '%s\n' "$repository"
	grep -s -E '^(ID|VERSION_ID)=' /etc/os-release
	"$1" --version
}

# make_tree NAME COMPILER [CMAKE OPTION...]: configure and build build-NAME.
make_tree() {
	local tree="$repository/$1" compiler=$2 made
	shift 2
	made=$(maker "$compiler")
	if [ -e "$tree" ] && [ "$(cat "$tree/made-by" 2>/dev/null)" != "$made" ]; then
		say "building ${tree##*/} anew: it was made elsewhere"
		rm -rf "$tree"
	fi
	say "building in $tree"
	mkdir -p "$tree"
	printf '%s\n' "$made" >"$tree/made-by"
	if ! { cmake -S "$repository" -B "$tree" -DCMAKE_C_COMPILER="$compiler" "$@" &&
		cmake --build "$tree" --parallel "$(nproc)"; } >"$tree/build.log" 2>&1; then
		tail -n 40 "$tree/build.log" >&2
		fail "the build failed; all of its output is in $tree/build.log"
	fi
}
