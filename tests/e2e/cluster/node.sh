# Sourced by the other scripts: where the parts of a cluster are.
#
# The node lives in namespaces of its own, of mounts, processes and network, so that it can disturb nothing that the
# machine runs, needs no free port, and ends completely: with its first process all others, their mounts, network
# devices, routes and firewall rules go. What is outside, and is undone by down.sh: one network device and its route,
# cgroups named after the node, and the state folder.
#
# Addresses are those of one free network 10.SUBNET.0.0/16:
#   10.SUBNET.0.0/24      pods
#   10.SUBNET.64.0/20     Services; the API server is .64.1, DNS is .64.10
#   10.SUBNET.255.0/30    the link: .1 is the machine, .2 is the node
# shellcheck shell=bash disable=SC2034

state=$(realpath -m "${1:?usage: ${0##*/} STATE ...}")
node=also-e2e-$(echo "$state" | sha256sum | cut -c 1-8)
link=${node/-e2e-/-}

fail() {
    echo "error: $*" >&2
    exit 2
}

# Process id, as the machine sees it, of the node's first process; nothing where there is none. An id may have been
# given to another process since: the node's first has the node's name.
first_process() {
    local pid
    read -r pid 2>/dev/null <"$state/pid" || return 0
    if tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q "^$node "; then
        echo "$pid"
    fi
}

# Runs a command in the namespaces of the node.
inside() {
    local pid
    pid=$(first_process)
    [ -n "$pid" ] || fail "no node runs with the state $state"
    nsenter --target "$pid" --mount --pid --net -- env --chdir="$PWD" PATH="$state/bin:$PATH" "$@"
}

# Folders of the node in every hierarchy of cgroups, deepest first.
cgroups() {
    find $(awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/self/mounts) -depth -type d -path "*/$node*" 2>/dev/null || true
}

# Processes in the node's namespaces.
processes() {
    local pid
    [ -e "$state/namespace" ] || return 0
    for pid in /proc/[0-9]*; do
        if [ "$(readlink "$pid/ns/pid" 2>/dev/null)" = "$(cat "$state/namespace")" ]; then
            echo "${pid#/proc/}"
        fi
    done
}
