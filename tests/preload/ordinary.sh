#!/bin/bash
# SPDX-License-Identifier: MIT
#
# ordinary.sh - what ordinary programs do all day: run in an empty directory, stock and
# preloaded, it must print the same and leave the same behind. Nothing in here depends
# on the time, on process numbers or on chance.
export LC_ALL=C TZ=UTC HOME=$PWD
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_AUTHOR_DATE='2001-01-01T00:00:00Z'
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_COMMITTER_DATE='2001-01-01T00:00:00Z'
umask 022

run() {
	printf '\n== %s\n' "$*"
	"$@"
	printf -- '-- status %d\n' $?
}

shell() {
	run bash -c "$1"
}

# bash: redirections, pipelines, substitutions, jobs, signals
shell 'echo one >a; echo two >>a; cat <a'
shell 'exec 5>b; echo five >&5; exec 5>&-; cat b; echo gone >&5'
shell 'seq 100000 | sort -rn | head -3; echo "${PIPESTATUS[@]}" | tr " " "\n" | tail -1'
shell 'cat <(echo process) <(echo substitution); wc -l < <(seq 7)'
shell 'x=$(echo out; echo err >&2; exit 3); echo "$x $?"'
shell '(sleep 0.1; echo background) & wait; echo waited'
shell 'set -o pipefail; false | cat; echo $?'
shell 'kill -TERM $$'
shell 'trap "echo trapped" USR1; kill -USR1 $$; echo on'
shell 'exec 3<>both_ways; read -u 3 line; echo "[$line]"'
shell 'cat /does/not/exist'
shell 'exit 42'

# coreutils
run mkdir -p d/e/f
shell 'seq 5000 >d/numbers'
run cp -r d copy
run sha256sum d/numbers copy/numbers
run ln -s numbers d/link
run split -n 7 d/numbers d/part.
shell 'cat d/part.* | cmp - d/numbers && echo same'
run sort -R --random-source=d/numbers -o d/shuffled d/numbers
run sort -n --parallel=2 -S 50K d/shuffled -o d/sorted
run cmp d/numbers d/sorted
run comm -3 d/numbers d/sorted
shell 'dd if=d/numbers of=d/dd bs=1000 count=3 status=none; wc -c d/dd'
run truncate -s 12345 d/sparse
run install -m 755 d/dd d/installed
shell 'tee d/t1 d/t2 <a >/dev/null; md5sum d/t1 d/t2'
run stat -c '%n %s %a %F' d/numbers d/link d/sparse d/installed
shell 'timeout 0.2 sleep 5'
shell 'ls -lR --time-style=+ d | cut -d" " -f1,3-'
shell 'find d -type f | sort | xargs -P2 -n3 wc -c | awk "{s+=\$1} END {print s}"'
shell 'sed -i s/1/one/g d/dd; grep -c one d/dd'

# tar
run tar --sort=name --mtime=@0 --owner=0 --group=0 -cf d.tar d
run sha256sum d.tar
shell 'tar -cf - d | (mkdir -p x && tar -xf - -C x) && diff -r d x/d && echo same'
shell 'tar -czf d.tgz d && tar -tzf d.tgz | sort | sha256sum'

# make
printf 'all: p q r\n%%: %%.in\n\t@sed s/in/out/ $< >$@; echo made $@\nfails:\n\t@false\n' \
	>Makefile
for name in p q r; do echo "in $name" >$name.in; done
run make -s -f Makefile
run make -s -f Makefile
shell 'touch -d @1000000000 p q; make -s -j2 p q | sort'
run make -s fails

# python3 with subprocess
python=$(command -v /usr/bin/python3)
cat >sub.py <<'PYTHON'
import multiprocessing, os, shutil, socket, subprocess, sys, tempfile, threading, zipfile

def double(x):
    return 2 * x

if __name__ == "__main__":
    print(subprocess.run(["echo", "hello"], capture_output=True, text=True).stdout)
    print(subprocess.run("exit 5", shell=True).returncode)
    print(subprocess.run(["cat"], input=b"x" * 1000000, capture_output=True).stdout[:3])
    p = subprocess.Popen(["sort", "-n"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         close_fds=True, start_new_session=True)
    print(p.communicate(b"3\n1\n2\n"), p.returncode)
    try:
        subprocess.run(["sleep", "5"], timeout=0.2)
    except subprocess.TimeoutExpired:
        print("expired")
    try:
        subprocess.run(["/does/not/exist"])
    except FileNotFoundError as error:
        print(error)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(double, range(5)))
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: server.accept()[0].sendall(b"served"), daemon=True).start()
    with socket.create_connection(server.getsockname()) as client:
        print(client.recv(100))
    server.close()
    with tempfile.TemporaryDirectory() as directory:
        with zipfile.ZipFile(os.path.join(directory, "z"), "w") as archive:
            archive.writestr("name", "content")
        print(zipfile.ZipFile(os.path.join(directory, "z")).read("name"))
    fd = os.open("closed", os.O_CREAT | os.O_RDWR)
    os.close(fd)
    try:
        os.close(fd)
    except OSError as error:
        print(error)
    shutil.copytree("d", "tree", symlinks=True)
    sys.exit(6)
PYTHON
run "$python" -I sub.py

# git
run git init -q -b main repo
run git -C repo commit -q --allow-empty -m empty
shell 'cp -r d/e d/numbers a repo; git -C repo add -A; git -C repo commit -qm files'
run git -C repo log --stat --format=%H
shell 'cd repo; seq 3 >numbers; git diff | sha256sum; git stash -q; git status --short'
run git clone -q repo clone
run git -C clone gc -q
run git -C clone fsck
shell 'git -C clone archive HEAD | sha256sum; git -C clone rev-parse HEAD'
run git -C clone checkout -q nothing

# what is left of it all, without git's own bookkeeping of times
run rm -rf repo/.git clone/.git d.tgz
shell 'find . -printf "%P %y %s %m %l\n" | grep -v /$ | sort | sed "s/^\(\S* d\) [0-9]*/\1/"'
shell 'find . -type f -print0 | sort -z | xargs -0 sha256sum'
