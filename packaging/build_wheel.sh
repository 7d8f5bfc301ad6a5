#!/usr/bin/env bash
# Builds the wheel of llama-cpp-python for the package: one for every x86-64 CPU and Vulkan GPU.
#
#   build_wheel.sh FOLDER    leaves one .whl in FOLDER
#
# The CPU code is built once for each generation of processors, and the best is picked when the
# program starts; so is Vulkan, where there is a driver. It takes 12 to 25 minutes on two cores and
# is kept in the cache folder, under a name that changes with everything that goes into it.
set -euo pipefail

into=$(mkdir -p "$1" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's/^llama-cpp-python==//p' "$here/constraints.txt")
python=${PYTHON:-python3}
tag=$("$python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
key=$(sha256sum <"$0" | cut -c1-12)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/inglenook-build/llama-$version-$tag-$key

if compgen -G "$cache/*.whl" >/dev/null; then
    echo "package: the llama.cpp wheel of before ($cache)"
    rm -f "$into"/*.whl
    cp "$cache"/*.whl "$into"
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Debian 12's Vulkan headers and shader compiler are too old for llama.cpp. Debian 13's are unpacked
# into a folder of their own, from the mirror this machine uses, and nothing is installed.
fetch_vulkan() {
    local site lists names
    mkdir -p "$work"/{lists,cache/archives/partial,debs,vulkan}
    # shellcheck disable=SC2016 # the $(…) are for apt
    site=$(apt-get indextargets --format '$(SITE)|$(COMPONENT)|$(LABEL)' 'Created-By: Packages' |
        sed -n 's/|main|Debian$//p' | head -1)
    [ -n "$site" ] || { apt-get update -qq; fetch_vulkan; return; }
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site trixie main" \
        >"$work/sources.list"
    lists=(-o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
    apt-get "${lists[@]}" -qq update
    # glslc comes with all it needs, the C library too: it may need a newer one than there is here
    names=$(apt-cache "${lists[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts \
        --no-breaks --no-replaces --no-enhances glslc | grep '^[a-z]')
    # shellcheck disable=SC2086 # a list of words on purpose
    (cd "$work/debs" && apt-get "${lists[@]}" -qq download libvulkan1 libvulkan-dev spirv-headers \
        $names >/dev/null)
    for package in "$work"/debs/*.deb; do dpkg-deb -x "$package" "$work/vulkan"; done
    cat >"$work/glslc" <<EOF
#!/bin/sh
root=$work/vulkan/usr/lib/x86_64-linux-gnu
exec "\$root/ld-linux-x86-64.so.2" --library-path "\$root" $work/vulkan/usr/bin/glslc "\$@"
EOF
    chmod +x "$work/glslc"
}

echo "package: fetching what Vulkan's shaders are compiled with"
fetch_vulkan
"$work/glslc" --version | sed -n 1p

echo "package: building the llama.cpp wheel $version (12 to 25 minutes, once)"
root=$work/vulkan/usr
export CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON \
-DGGML_VULKAN=ON -DVulkan_INCLUDE_DIR=$root/include \
-DVulkan_LIBRARY=$root/lib/x86_64-linux-gnu/libvulkan.so \
-DVulkan_GLSLC_EXECUTABLE=$work/glslc -DSPIRV-Headers_DIR=$root/share/cmake/SPIRV-Headers"
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-cache-dir \
    --no-binary llama-cpp-python --wheel-dir "$work/wheel" "llama-cpp-python==$version"
mkdir -p "$cache"
cp "$work"/wheel/*.whl "$cache"
rm -f "$into"/*.whl
cp "$cache"/*.whl "$into"
