#!/usr/bin/env bash
# not yet run: checked with shellcheck on 2026-11-25; there is no Mac where this was written.
# Puts the signing certificate into a keychain of its own, which ends with the job, and tells the
# later steps its name (INGLENOOK_CODESIGN_IDENTITY, read by packaging/inglenook.spec and dmg.sh).
# Without the secrets it says so and does nothing.
#   keychain.sh KEYCHAIN    with MACOS_CERTIFICATE_P12 (base64), MACOS_CERTIFICATE_PASSWORD and
#                           MACOS_SIGNING_IDENTITY in the environment
set -euo pipefail

keychain=$1
if [ -z "${MACOS_CERTIFICATE_P12:-}" ] || [ -z "${MACOS_SIGNING_IDENTITY:-}" ]; then
    echo "::warning::no signing certificate (secret MACOS_CERTIFICATE_P12): the disk image is not signed"
    exit 0
fi

password=$(openssl rand -hex 24)
certificate=$(mktemp)
trap 'rm -f "$certificate"' EXIT
printf '%s' "$MACOS_CERTIFICATE_P12" | base64 --decode > "$certificate"

security create-keychain -p "$password" "$keychain"
security set-keychain-settings -lut 7200 "$keychain"
security unlock-keychain -p "$password" "$keychain"
security import "$certificate" -k "$keychain" -f pkcs12 \
    -P "${MACOS_CERTIFICATE_PASSWORD:-}" -T /usr/bin/codesign
# lets codesign use the key without a window that asks
security set-key-partition-list -S apple-tool:,apple: -s -k "$password" "$keychain" > /dev/null
# beside the keychains that are searched already, not instead of them
listed() { security list-keychains -d user | sed 's/^ *"//; s/"$//'; }
searched=()
while IFS= read -r line; do searched+=("$line"); done < <(listed)
security list-keychains -d user -s "$keychain" "${searched[@]}"

echo "INGLENOOK_CODESIGN_IDENTITY=$MACOS_SIGNING_IDENTITY" >> "${GITHUB_ENV:-/dev/stdout}"
