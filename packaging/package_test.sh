#!/usr/bin/env bash
# `make package-test`: the packages of dist/ on a bare Debian 12 and 13, as a person would use them.
#
# In each system, made with debootstrap, there is no Python and no compiler, and while the program
# runs there is no network. The screen is this machine's (Xvfb), seen through its socket. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/inglenook-build
shots=build/package-test
deb=$(ls dist/inglenook_*_amd64.deb)
archive=$(ls dist/inglenook-*-linux-x86_64.tar.zst)
display=:77  # each window gets a screen of its own, with the next number
person=1000
work=$(mktemp -d)
passed=0
mkdir -p "$shots" "$cache" /tmp/.X11-unix  # the last is made by an X server, and bound before one runs

# shellcheck disable=SC2016 # the $(…) are for apt
site=$(apt-get indextargets --format '$(SITE)|$(COMPONENT)|$(LABEL)' 'Created-By: Packages' |
    sed -n 's/|main|Debian$//p' | head -1)

finish() {
    screen_off
    for mount in $(mount | awk -v w="$work" 'index($3, w) == 1 {print $3}' | sort -r); do
        umount -l "$mount"
    done
    rm -rf --one-file-system "$work"
}
screen_pids=()

screen_on() { # a new one: no key may still be held down by the window before
    screen_off
    display=:$((${display#:} + 1))
    Xvfb $display -screen 0 1280x800x24 -nolisten tcp >/dev/null 2>&1 &
    screen_pids+=($!)
    for _ in $(seq 50); do
        [ -S "/tmp/.X11-unix/X${display#:}" ] && break
        sleep 0.1
    done
    DISPLAY=$display openbox --sm-disable >/dev/null 2>&1 &
    screen_pids+=($!)
    for _ in $(seq 50); do # a window that is there before it gets no focus
        DISPLAY=$display xdotool get_num_desktops >/dev/null 2>&1 && break
        sleep 0.1
    done
}

screen_off() {
    [ ${#screen_pids[@]} -eq 0 ] || kill "${screen_pids[@]}" 2>/dev/null || true
    screen_pids=()
}
trap finish EXIT

say() { echo "package-test: $*"; }
ok() {
    passed=$((passed + 1))
    say "  ok: $*"
}
fail() {
    say "FAILED: $*"
    exit 1
}

# As the person, in the bare system $root, without network
inside() {
    unshare --net -- chroot --userspec=$person:$person "$root" /usr/bin/env -i \
        HOME=/home/person PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 DISPLAY=$display "$@"
}

make_system() { # SUITE
    root=$work/$1
    if [ ! -e "$cache/bare-$1.tar" ]; then
        say "making a bare $1 (once)"
        debootstrap --variant=minbase "$1" "$root" "$site" >"$work/debootstrap.log" 2>&1 ||
            { tail -5 "$work/debootstrap.log"; fail "debootstrap $1"; }
        tar --create --file "$cache/bare-$1.tar.part" --directory "$root" .
        mv "$cache/bare-$1.tar.part" "$cache/bare-$1.tar"
    else
        mkdir "$root"
        tar --extract --file "$cache/bare-$1.tar" --directory "$root"
    fi
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mkdir -p "$root/tmp/.X11-unix" "$root/home/person"
    mount --bind /tmp/.X11-unix "$root/tmp/.X11-unix"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
    echo "person:x:$person:$person::/home/person:/bin/sh" >>"$root/etc/passwd"
    echo "person:x:$person:" >>"$root/etc/group"
    chown -R $person:$person "$root/home/person"
    for name in python3 gcc cc; do
        ! chroot "$root" which $name >/dev/null 2>&1 || fail "there is $name in the bare system"
    done
}

install_deb() {
    cp "$deb" "$root/tmp/inglenook.deb"
    chroot "$root" apt-get update -qq
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends /tmp/inglenook.deb >"$work/apt.log" 2>&1 ||
        { tail -20 "$work/apt.log"; fail "apt does not install the .deb"; }
    ok "apt installs the .deb"
}

uses() { # WORDS...: the program by them passes doctor and answers
    inside "$@" doctor >"$work/doctor.txt" 2>&1 || { cat "$work/doctor.txt"; fail "doctor"; }
    grep -q "All is well" "$work/doctor.txt" || fail "doctor is not content"
    ok "doctor: $(grep -c . "$work/doctor.txt") lines, all is well"
    answer=$(inside "$@" ask "What is the capital of France?" --seed 1 --max-tokens 40)
    [ ${#answer} -gt 3 ] || fail "no answer"
    ok "ask: ${answer:0:60}"
}

answers_in_database() { # FILE: how many answers with text; it is stored while it grows
    python3 - "$1" <<'EOF'
import sqlite3, sys
try:
    rows = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute(
        "select count(*) from message where role='assistant' and length(content) > 3").fetchone()
    print(rows[0])
except sqlite3.Error:
    print(0)
EOF
}

focus() { # WINDOW: keys reach a window without the focus too, its shortcuts do not
    for _ in $(seq 20); do
        DISPLAY=$display xdotool windowactivate "$1" 2>/dev/null || true
        DISPLAY=$display xdotool windowfocus "$1" 2>/dev/null || true
        sleep 0.3
        [ "$(DISPLAY=$display xdotool getwindowfocus 2>/dev/null)" = "$1" ] && break
    done
}

window() { # NAME DATABASE WORDS...: the real window is asked by keyboard
    local name=$1 database=$2 found="" code
    shift 2
    screen_on
    inside "$@" >"$work/window.log" 2>&1 &
    local started=$!
    for _ in $(seq 200); do
        found=$(DISPLAY=$display xdotool search --onlyvisible --name Inglenook 2>/dev/null |
            tail -1) || true
        [ -n "$found" ] && break
        if ! kill -0 $started 2>/dev/null; then
            wait $started && code=0 || code=$?
            cat "$work/window.log"
            fail "the window's program ended with $code"
        fi
        sleep 0.2
    done
    [ -n "$found" ] || { cat "$work/window.log"; fail "no window"; }
    sleep 3
    focus "$found"
    DISPLAY=$display xdotool type --delay 30 "Name one colour in one word."
    DISPLAY=$display xdotool key Return
    for _ in $(seq 300); do
        [ "$(answers_in_database "$database")" -gt 0 ] && break
        sleep 0.4
    done
    DISPLAY=$display import -window root "$shots/$name.png"
    [ "$(answers_in_database "$database")" -gt 0 ] || fail "no answer in the database ($name)"
    ok "the window answered; picture in $shots/$name.png"
    for _ in 1 2 3; do
        focus "$found"
        DISPLAY=$display xdotool key ctrl+q
        for _ in $(seq 50); do
            kill -0 $started 2>/dev/null || break 2
            sleep 0.2
        done
    done
    ! kill -0 $started 2>/dev/null || { kill -9 $started; fail "Ctrl+Q does not end it"; }
    ok "it ends with Ctrl+Q"
}

graphics() { # the .deb again, with a Vulkan device, and with a driver that is broken
    say "Vulkan on the processor (lavapipe)"
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends libvulkan1 mesa-vulkan-drivers >"$work/apt.log" 2>&1 ||
        { tail -5 "$work/apt.log"; fail "no lavapipe"; }
    inside GGML_VK_VISIBLE_DEVICES=0 inglenook doctor >"$work/doctor.txt" 2>&1 ||
        { cat "$work/doctor.txt"; fail "doctor with Vulkan"; }
    grep -q "Vulkan0" "$work/doctor.txt" || { cat "$work/doctor.txt"; fail "no Vulkan device"; }
    ok "listed:$(grep Vulkan0 "$work/doctor.txt")"
    grep -qE "offloaded [1-9][0-9]*/[0-9]+ layers" \
        "$root"/home/person/.local/state/Inglenook/log/worker.log || fail "nothing was offloaded"
    ok "layers are on it"
    inside VK_DRIVER_FILES=/nonexistent.json VK_ICD_FILENAMES=/nonexistent.json \
        inglenook doctor >"$work/doctor.txt" 2>&1 || { cat "$work/doctor.txt"; fail "no driver"; }
    grep -q "All is well" "$work/doctor.txt" || fail "without a driver it does not run"
    grep -q "No graphics card is used" "$work/doctor.txt" || fail "it does not say why"
    ok "without a driver: on the processor, and it says:$(grep "No graphics" "$work/doctor.txt")"
}

for suite in bookworm trixie; do
    say "$suite"
    make_system $suite
    install_deb
    uses inglenook
    window "$suite-deb" "$root/home/person/.local/share/Inglenook/conversations.sqlite3" inglenook

    say "$suite, the archive, portable"
    stick=$root/home/person/stick
    mkdir "$stick"
    tar --extract --file "$archive" --directory "$stick"
    chown -R $person:$person "$stick"
    uses /home/person/stick/inglenook/inglenook --portable
    window "$suite-portable" "$stick/inglenook/inglenook-data/conversations.sqlite3" \
        /home/person/stick/inglenook/inglenook
    ok "the data lie beside the program"

    say "$suite, on the oldest processor"
    find "$stick" -name 'libggml-cpu-*' ! -name 'libggml-cpu-x64.so' -delete
    answer=$(inside /home/person/stick/inglenook/inglenook ask "Say hello." --seed 1 --max-tokens 8)
    [ -n "$answer" ] || fail "no answer with the oldest variant"
    ok "it answers: ${answer:0:40}"

    [ $suite = bookworm ] && graphics

    say "$suite, removal"
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get remove -y -qq inglenook \
        >"$work/apt.log" 2>&1
    [ ! -e "$root/usr/lib/inglenook" ] || fail "the program is still there"
    [ ! -e "$root/usr/bin/inglenook" ] || fail "the command is still there"
    [ -s "$root/home/person/.local/share/Inglenook/conversations.sqlite3" ] ||
        fail "the person's data have gone"
    ok "the program has gone, the data stay"
done
echo "package-test: $passed passed, 0 failed"
