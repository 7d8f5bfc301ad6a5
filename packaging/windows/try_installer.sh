#!/usr/bin/env bash
# Run here on 2026-11-25 (Debian 12, wine 8.0, makensis 3.08): installs the stand-in silently into a
# wine of its own, opens a .gguf, installs over it, removes it, and looks at what is left.
#   try_installer.sh    needs nsis, wine64; takes half a minute, most of it wine's first start
# It tries the installer, not Inglenook: the program in it is a stand-in that notes its arguments.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
export WINEPREFIX=$scratch/wine WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d'
unset DISPLAY WAYLAND_DISPLAY
trap 'wineserver --kill || true; rm -rf "$scratch"' EXIT

ok() { echo "ok: $1"; }
fail() { echo "NOT ok: $1" >&2; exit 1; }
expect() { if "${@:2}"; then ok "$1"; else fail "$1"; fi; }
missing() { [ ! -e "$1" ]; }
registry() { wine reg query "$@" 2> /dev/null | tr -d '\r'; }
unknown() { ! registry "$@" > /dev/null; }

# --- the stand-in
mkdir -p "$scratch/dist/_internal/deep" "$scratch/next/_internal"
cat > "$scratch/stand-in.nsi" << 'NSI'
Target amd64-unicode
Unicode true
RequestExecutionLevel user
SilentInstall silent
Name stand-in
OutFile "${OUTPUT}"
!include FileFunc.nsh
Section
  ${GetParameters} $0
  FileOpen $1 "$LOCALAPPDATA\Inglenook\arguments.txt" w
  FileWrite $1 $0
  FileClose $1
SectionEnd
NSI
makensis -V1 -DOUTPUT="$scratch/dist/inglenook.exe" "$scratch/stand-in.nsi"
echo old > "$scratch/dist/_internal/deep/only in the old version.txt"
# shellcheck disable=SC2016 # a name with a dollar, on purpose
echo data > "$scratch/dist/_internal/name\$with dollar.txt"
cp "$scratch/dist/inglenook.exe" "$scratch/next/"
echo new > "$scratch/next/_internal/new.txt"
for build in 'dist 0.1.0' 'next 0.2.0'; do
    read -r folder version <<< "$build"
    python3 "$here/build.py" "$scratch/$folder" "$scratch/out" "$version" --target amd64-unicode
done
setup() { echo "$scratch/out/inglenook-$1-windows-x86_64-setup.exe"; }

# --- a Windows with something of the person in it
wineboot --init > /dev/null 2>&1
local_data=$(wine cmd /c 'echo %LOCALAPPDATA%' 2> /dev/null | tr -d '\r')
roaming=$(wine cmd /c 'echo %APPDATA%' 2> /dev/null | tr -d '\r')
data=$(winepath -u "$local_data\\Inglenook")
program=$(winepath -u "$local_data\\Programs\\Inglenook")
menu="$(winepath -u "$roaming")/Microsoft/Windows/Start Menu/Programs/Inglenook.lnk"
classes='HKCU\Software\Classes'
uninstall='HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Inglenook'
mkdir -p "$data"
echo 'a conversation' > "$data/kept.txt"
touch "$scratch/my model.gguf"

# --- install; wine starts as a Windows 7
code=0
wine "$(setup 0.1.0)" /S || code=$?
expect 'an old Windows is refused' test "$code" = 2
expect 'and gets no file' missing "$program"
wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f > /dev/null 2>&1
wine "$(setup 0.1.0)" /S || fail "the installer ended with $?"
expect 'the program is there' test -f "$program/inglenook.exe"
expect 'so are its folders' test -f "$program/_internal/deep/only in the old version.txt"
expect 'the start menu has it' test -f "$menu"
expect 'the list of programs has the version' grep -q '0\.1\.0' <(registry "$uninstall" /v DisplayVersion)
expect 'and a size' grep -Eq '0x[0-9a-f]+' <(registry "$uninstall" /v EstimatedSize)
expect 'and a silent way out' grep -q '/S' <(registry "$uninstall" /v QuietUninstallString)
# what Explorer does with a double click; this wine does not look into a person's own classes
command=$(registry "$classes\\Inglenook.gguf\\shell\\open\\command" /ve | sed -n 's/.*REG_SZ *//p')
printf '@%s\r\n' "${command/'%1'/$(winepath -w "$scratch/my model.gguf")}" > "$scratch/open.bat"
wine cmd /c "$(winepath -w "$scratch/open.bat")"
expect 'it is the first choice for .gguf' grep -q 'Inglenook\.gguf' <(registry "$classes\\.gguf" /ve)
expect 'a double click on a .gguf opens it' grep -q 'my model\.gguf' "$data/arguments.txt"
expect 'Open with offers it' grep -q 'Inglenook\.gguf' <(registry "$classes\\.gguf\\OpenWithProgids")
expect 'Default apps can offer it' grep -q Capabilities <(registry 'HKCU\Software\RegisteredApplications')

# --- a newer version over it
wine "$(setup 0.2.0)" /S || fail "the installer ended with $?"
expect 'the newer version is there' test -f "$program/_internal/new.txt"
expect 'what only the old one had is gone' missing "$program/_internal/deep"
expect 'the list of programs has the newer version' \
    grep -q '0\.2\.0' <(registry "$uninstall" /v DisplayVersion)

# --- remove it; another program owns .gguf by now, and the person left a file in the folder
wine reg add "$classes\\.gguf" /ve /d Other.gguf /f > /dev/null 2>&1
echo mine > "$program/mine.txt"
wine "$program/uninstall.exe" /S "_?=$(winepath -w "$program")" || fail "the uninstaller ended with $?"
expect 'the program is gone' missing "$program/inglenook.exe"
expect 'so are its folders' missing "$program/_internal"
expect 'a file of the person in its folder stays' test -f "$program/mine.txt"
expect 'the conversations stay' grep -q conversation "$data/kept.txt"
expect 'the start menu has forgotten it' missing "$menu"
expect 'the list of programs has forgotten it' unknown "$uninstall"
expect 'its type is gone' unknown "$classes\\Inglenook.gguf"
expect "another program's .gguf stays its own" grep -q Other <(registry "$classes\\.gguf" /ve)
expect 'nothing else is left of it' unknown 'HKCU\Software\Inglenook'
