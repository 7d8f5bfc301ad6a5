#!/usr/bin/env bash
# not yet run: checked with shellcheck on 2026-11-25; there is no Mac where this was written.
# A disk image with the app and a link to Applications; signed, notarised and stapled where the
# secrets are there, otherwise unsigned, and it says so.
#   dmg.sh dist/Inglenook.app TARGET.dmg
# Environment, all optional:
#   INGLENOOK_CODESIGN_IDENTITY    "Developer ID Application: ..."; PyInstaller has signed the app
#                                  with it already (packaging/inglenook.spec)
#   APPLE_NOTARY_KEY, APPLE_NOTARY_KEY_ID, APPLE_NOTARY_ISSUER    App Store Connect API key
set -euo pipefail

app=$1 target=$2
identity=${INGLENOOK_CODESIGN_IDENTITY:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

notarise() { # FILE: waits for Apple's answer, and fails with Apple's words when it is no
    local answer id
    answer=$(xcrun notarytool submit "$1" --key "$scratch/key.p8" --key-id "$APPLE_NOTARY_KEY_ID" \
        --issuer "$APPLE_NOTARY_ISSUER" --wait --timeout 45m --output-format json)
    echo "$answer"
    if [ "$(plutil -extract status raw -o - - <<< "$answer")" != Accepted ]; then
        id=$(plutil -extract id raw -o - - <<< "$answer")
        xcrun notarytool log "$id" --key "$scratch/key.p8" --key-id "$APPLE_NOTARY_KEY_ID" \
            --issuer "$APPLE_NOTARY_ISSUER"
        exit 1
    fi
}

has_notary_key=
if [ -n "${APPLE_NOTARY_KEY:-}" ] && [ -n "${APPLE_NOTARY_KEY_ID:-}" ] &&
    [ -n "${APPLE_NOTARY_ISSUER:-}" ]; then
    has_notary_key=yes
    (umask 077 && printf '%s\n' "$APPLE_NOTARY_KEY" > "$scratch/key.p8")
fi

if [ -n "$identity" ]; then
    codesign --verify --deep --strict --verbose=2 "$app"
    # the hardened runtime is what Apple's notary asks for first
    codesign --display --verbose=2 "$app" 2>&1 | grep 'flags=.*runtime'
    if [ -n "$has_notary_key" ]; then
        # the app gets its own ticket, so that it opens offline also when taken out of the image
        ditto -c -k --keepParent "$app" "$scratch/app.zip"
        notarise "$scratch/app.zip"
        xcrun stapler staple "$app"
    fi
fi

mkdir "$scratch/image"
ditto "$app" "$scratch/image/$(basename "$app")"
ln -s /Applications "$scratch/image/Applications"
hdiutil create -volname Inglenook -srcfolder "$scratch/image" -fs APFS -format ULMO -ov "$target"

if [ -z "$identity" ]; then
    echo "::warning::$target is not signed: macOS will warn (docs/install.md)"
    exit 0
fi
codesign --sign "$identity" --timestamp "$target"
if [ -z "$has_notary_key" ]; then
    echo "::warning::$target is signed, not notarised (secret APPLE_NOTARY_KEY): macOS will warn"
    exit 0
fi
notarise "$target"
xcrun stapler staple "$target"
spctl --assess --type open --context context:primary-signature --verbose=2 "$target"
