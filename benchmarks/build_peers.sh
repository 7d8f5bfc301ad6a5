#!/bin/sh
# Builds llama-bench and llama-server from the very source that llama-cpp-python vendors, once.
# Usage: benchmarks/build_peers.sh VERSION FOLDER   (prints nothing but errors; minutes on two cores)
set -eu

version=$1
into=$2
python=${PYTHON:-python3}
source=$into/source
jobs=${JOBS:-$(nproc)}

[ -x "$into/bin/llama-server" ] && [ -x "$into/bin/llama-bench" ] && exit 0
mkdir -p "$into"
if [ ! -f "$source/CMakeLists.txt" ]; then
    rm -rf "$into/sdist" "$into/unpacked"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
        --no-binary llama-cpp-python --dest "$into/sdist" "llama-cpp-python==$version"
    mkdir "$into/unpacked"
    tar -xzf "$into/sdist/llama_cpp_python-$version.tar.gz" -C "$into/unpacked" --strip-components 1
    rm -rf "$source" "$into/sdist"
    mv "$into/unpacked" "$source"
fi
# As pip builds the library by default: Release, native, shared, OpenMP. The rest leaves out what
# would fetch something or what no measurement asks for.
cmake -S "$source/vendor/llama.cpp" -B "$into/build" \
    -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DBUILD_SHARED_LIBS=ON \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF \
    -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF >"$into/build.log" 2>&1
nice -n 10 cmake --build "$into/build" --parallel "$jobs" --target llama-bench llama-server \
    >>"$into/build.log" 2>&1
ln -sfn build/bin "$into/bin"
