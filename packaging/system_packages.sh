#!/usr/bin/env bash
# Installs the Debian packages named in the given lists, those that are missing only.
# As root or with passwordless sudo it installs them; otherwise it prints the one line to type.
set -euo pipefail

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "setup: not a Debian system; if the window does not open, install the libraries in" "$@"
    exit 0
fi

wanted=$(cat "$@" | sed 's/#.*//' | tr -s ' \n' ' ')
# Debian's own Python comes without the module that makes virtual environments
if ! "${PYTHON:-python3}" -c 'import ensurepip' 2>/dev/null; then
    wanted="$wanted python3-venv"
fi

missing=""
for package in $wanted; do
    # Debian 13 renamed some libraries for 64-bit time; either name will do
    state=$(dpkg-query -W -f='${Status}\n' "$package" "${package}t64" 2>/dev/null || true)
    case $state in *'ok installed'*) ;; *) missing="$missing $package" ;; esac
done
[ -n "$missing" ] || exit 0

install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then
    run() { env DEBIAN_FRONTEND=noninteractive "$@"; }
elif sudo -n true 2>/dev/null; then
    run() { sudo -n env DEBIAN_FRONTEND=noninteractive "$@"; }
else
    echo "setup: some system packages are missing. Please type this line, then run make again:"
    echo
    echo "    sudo $install"
    exit 1
fi
echo "setup: installing system packages:$missing"
# shellcheck disable=SC2086 # a list of words on purpose
run $install -qq >/dev/null 2>&1 || { run apt-get update -qq; run $install -qq >/dev/null; }
