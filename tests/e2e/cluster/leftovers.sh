#!/usr/bin/env bash
# Lists what a cluster has on this machine beyond its files, one thing a line: leftovers.sh STATE. After down.sh STATE
# the list is empty.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/node.sh"

for pid in $(processes); do
    echo "process $pid $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | cut -c 1-120)"
done
awk -v state="$state/" 'index($5 "/", state) == 1 {print "mount " $5}' /proc/self/mountinfo
ip -brief link show 2>/dev/null | awk -v link="$link" 'index($1, link) == 1 {print "link " $1}'
ip route show | awk -v link="$link" '$0 ~ " dev " link "( |$)" {print "route " $0}'
cgroups | sed 's/^/cgroup /'
