#!/usr/bin/env bash
# Ends a cluster and takes back all that it has made: down.sh STATE. Only STATE/log stays. Where no cluster runs,
# nothing is done.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/node.sh"

# The first process takes all others with it, and with the last of them go their namespaces.
pid=$(first_process)
if [ -n "$pid" ]; then
    kill -KILL "$pid"
    for _ in $(seq 200); do
        [ -n "$(first_process)" ] || break
        sleep 0.1
    done
fi
ip link delete "$link" 2>/dev/null || true

for _ in $(seq 100); do
    cgroups | while read -r folder; do rmdir "$folder" 2>/dev/null || true; done
    [ -n "$(cgroups)$(processes)" ] || break
    sleep 0.1
done

left=$("$here/leftovers.sh" "$state")
[ -z "$left" ] || fail "the cluster of $state is ended, and this is left:"$'\n'"$left"
if [ -d "$state" ]; then
    find "$state" -mindepth 1 -maxdepth 1 ! -name log -exec rm -rf --one-file-system {} +
fi
