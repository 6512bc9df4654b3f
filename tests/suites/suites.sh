#!/bin/bash
# SPDX-License-Identifier: MIT
#
# suites.sh - what is built here, run in the root of another Debian suite: with its libc,
# its libcurl and its pycurl, but with the library, the drivers and the victims of this tree.
#
# usage: suites.sh SUITE SOURCE BUILD
#
# The root lies in memory (400 MB) in a mount namespace of its own, and goes with its last
# process, whatever ends that. With CURFEW_TEST_KEEP_ROOTS=1 it is made in
# BUILD/tests/suites/SUITE instead, and one that is there is taken.
set -eu
suite=$1 source=$2 build=$3 step=${4:-begin}
place=$build/tests/suites/$suite
include=curl,nghttp2-server,openssl,python3,python3-pycurl
# The other build of libcurl: pycurl is linked to one or the other.
case $suite in
bookworm) include+=,libcurl3-gnutls ;;
trixie) include+=,libcurl3t64-gnutls ;;
*) include+=,libcurl4-gnutls ;;
esac
programs=$build/tests/preload
PATH=$PATH:/usr/sbin:/sbin

# Each with the tests of it that are run, when that is not all.
drivers=(curl curl_neighbours 'curl_clients each_of*' 'curl_clients pycurl_*'
	'curl_clients ctypes_*' 'curl_clients curl_*' 'curl_programs pycurl*'
	'curl_programs each_*' curl_manners curl_loading letting_go deadlines)

skip() {
	echo "skipped: $*"
	exit 77
}

# A mirror is out of reach for reasons of its own; what this machine lacks is a failure where
# everything is required.
cannot() {
	[ "${CURFEW_TEST_REQUIRE_ALL:-}" = 1 ] || skip "$@"
	echo "cannot be done here: $*"
	exit 1
}

# Where apt gets its packages from, and has this suite as well: as apt is told to reach it.
find_mirror() {
	local scratch uri
	scratch=$(mktemp -d)
	while read -r uri; do
		if timeout -k 1 60 /usr/lib/apt/apt-helper download-file \
			"${uri%/}/dists/$suite/InRelease" "$scratch/InRelease" &>/dev/null; then
			echo "$uri"
			break
		fi
	done < <(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' | sort -u)
	rm -rf "$scratch"
}

free_mb() {
	awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo
}

begin() {
	[ "$(id -u)" = 0 ] || cannot 'not root'
	[ -e "$place/complete" ] || command -v debootstrap >/dev/null ||
		cannot 'no debootstrap'
	[ -e "$place/complete" ] || [ "$(free_mb)" -ge 1500 ] || cannot 'too little memory'
	unshare --mount --pid --fork true 2>/dev/null || cannot 'no namespaces of our own'
	mkdir -p "$place"
	# unshare itself minds no signal but this one, which takes all that is within along.
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
		"$BASH" "$0" "$suite" "$source" "$build" make &
	child=$!
	trap 'kill -KILL "$child"' INT TERM
	wait "$child"
}

# Fill `place`, on whatever it lies.
bootstrap() {
	local mirror proxy log=$build/tests/suites/$suite.log
	mirror=$(find_mirror)
	[ -n "$mirror" ] || skip "no mirror that apt knows here has $suite, or none is reached"
	proxy=$(apt-config shell proxy Acquire::http::Proxy)
	eval "$proxy"
	[ -z "${proxy:-}" ] || export http_proxy=$proxy
	if ! timeout -k 1 400 debootstrap --variant=minbase --include="$include" \
		"$suite" "$place" "$mirror" >"$log" 2>&1; then
		tail -n 20 "$log"
		# What broke off in the middle of its packages is the network's.
		! grep -q "Couldn't download" "$log" || skip "$suite cannot be downloaded"
		exit 1
	fi
}

# What the drivers and wedgefs are linked to, but libc and libcurl, is ours, too: what they
# are called differs between suites.
bring_libraries() {
	local library
	ldd "$programs/test_deadlines" "$1" |
		awk '/lib(cmocka|cjson|fuse3)\.so/ { print $3 }' | sort -u |
		while read -r library; do
			cp -L "$library" "$place/usr/local/lib/"
		done
	chroot "$place" ldconfig
}

make() {
	if [ ! -e "$place/complete" ]; then
		if [ "${CURFEW_TEST_KEEP_ROOTS:-}" = 1 ]; then
			rm -rf "$place"
			mkdir "$place"
		else
			mount -t tmpfs -o size=1g,mode=755 "$suite" "$place"
		fi
		bootstrap
		touch "$place/complete"
	fi
	mount --bind "$place" "$place"
	# That of the tree: the tests of the command line install another.
	bring_libraries "$(find "$build" -path "$build/tests" -prune -o \
		-name wedgefs -type f -perm -u+x -print)"
	enter
}

# Not by chroot, in which no user namespace can be made.
enter() {
	local file
	cd "$place"
	for file in /dev /sys; do
		mount --rbind "$file" ".$file"
	done
	mount -t proc proc proc
	# What the drivers cover with their own; not every minimal system has all of it.
	touch etc/hosts etc/nsswitch.conf etc/resolv.conf
	for file in "$source" "$build"; do
		mkdir -p ".$file"
		mount --bind "$file" ".$file"
	done
	pivot_root . mnt
	exec chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
		CURFEW_TEST_REQUIRE_ALL="${CURFEW_TEST_REQUIRE_ALL:-}" \
		CURFEW_TEST_SLACK_MS="${CURFEW_TEST_SLACK_MS:-1000}" \
		CURFEW_TEST_STOCK_MS=12000 \
		/bin/bash "$source/tests/suites/suites.sh" "$suite" "$source" "$build" run
}

# All of them, whatever the first says.
run() {
	local driver only status result=0 began
	umount -l /mnt
	echo "$suite: $(curl -V | head -n 1 | cut -d ' ' -f 1-4), $(ldd --version | head -n 1)"
	for driver in "${drivers[@]}"; do
		read -r driver only <<<"$driver"
		began=$SECONDS status=0
		CURFEW_TEST_ONLY=$only timeout -k 1 150 "$programs/test_$driver" 2>&1 || status=$?
		echo "$suite: preload.$driver $only: status $status, $((SECONDS - began)) s"
		case $status in
		0) ;;
		77) [ $result != 0 ] || result=77 ;;
		*) result=1 ;;
		esac
	done
	exit $result
}

case $step in
begin | make | run) $step ;;
*) exit 1 ;;
esac
