#!/usr/bin/env bash
# not yet run: checked with shellcheck on 2026-11-25. The tool and the runtime are not in Debian and
# come from the AppImage project's releases, so this is for a release machine (or GitHub's).
# What it packs, dist/Inglenook.AppDir, is made and started by `make package` and its tests.
#   build.sh dist/Inglenook.AppDir inglenook-VERSION-linux-x86_64.AppImage
# Environment, for a machine without network: APPIMAGETOOL and APPIMAGE_RUNTIME, the two files
# fetched before; their sums are checked all the same.
set -euo pipefail

appdir=$1 target=$2
tool_address=https://github.com/AppImage/appimagetool/releases/download/1.9.1/appimagetool-x86_64.AppImage
tool_sum=ed4ce84f0d9caff66f50bcca6ff6f35aae54ce8135408b3fa33abfc3cb384eb0
# the part in front of every AppImage; left to itself the tool fetches the newest one, unchecked
runtime_address=https://github.com/AppImage/type2-runtime/releases/download/20251108/runtime-x86_64
runtime_sum=2fca8b443c92510f1483a883f60061ad09b46b978b2631c807cd873a47ec260d

for needed in AppRun inglenook.desktop; do
    [ -e "$appdir/$needed" ] || { echo "build.sh: no $needed in $appdir; run 'make package'" >&2; exit 1; }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

take() { # GIVEN ADDRESS SUM TARGET
    if [ -n "$1" ]; then
        cp -- "$1" "$4"
    else
        curl --fail --location --silent --show-error --retry 3 --output "$4" "$2"
    fi
    echo "$3  $4" | sha256sum --check --quiet || { echo "build.sh: $4 is not what was pinned" >&2; exit 1; }
}

take "${APPIMAGETOOL:-}" "$tool_address" "$tool_sum" "$scratch/appimagetool"
take "${APPIMAGE_RUNTIME:-}" "$runtime_address" "$runtime_sum" "$scratch/runtime"
chmod +x "$scratch/appimagetool"

# EXTRACT_AND_RUN: neither a container nor GitHub's machines have FUSE
ARCH=x86_64 APPIMAGE_EXTRACT_AND_RUN=1 "$scratch/appimagetool" \
    --runtime-file "$scratch/runtime" --comp zstd "$appdir" "$target"
