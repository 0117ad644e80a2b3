#!/usr/bin/env bash
# Starts a Kubernetes of one node: up.sh STATE CACHE. CACHE is what build_components.sh and build_images.sh have filled.
# STATE/kubeconfig then leads to it as its administrator. Where a cluster with this state runs, nothing is done; what is
# left of one that does not is cleared away first. `down.sh STATE` ends it. node.sh says what it touches.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/node.sh"
source "$here/versions.env"
cache=$(realpath "${2:?usage: up.sh STATE CACHE}")
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy

[ "$(id -u)" = 0 ] || fail "a node is started by root"
[ -x "$cache/bin/kubelet" ] || fail "$cache has no kubelet: build_components.sh makes it"
for command in nsenter unshare setsid ip openssl; do
    command -v "$command" >/dev/null || fail "$command is needed to start a node, and is not on the path"
done

mkdir -p "$state"
free=$(df --output=avail -B 1M "$state" | tail -n 1)
[ "$free" -ge 6000 ] || fail "a node takes 6000 MB for its images and pods; $state has $free MB"
exec 9>"$state.lock"
flock 9
if [ -n "$(first_process)" ] && [ -e "$state/ready" ]; then
    exit 0
fi
"$here/down.sh" "$state"
rm -rf "$state/log"
mkdir -p "$state"/{bin,cni,containerd,etcd,kubelet,log,pki,processes}
for command in "$cache"/bin/*; do # what is rebuilt now leaves the running cluster alone
    ln -s "$(readlink -f "$command")" "$state/bin/${command##*/}"
done

# --- The node's namespaces, and the link to them.

modprobe --all overlay br_netfilter 2>/dev/null || true # or they are built in
# Settings of the whole machine that a kubelet insists on changing: it finds files with the values that it wants.
mkdir -p "$state"/kernel/{vm,kernel/keys}
echo 1 >"$state/kernel/vm/overcommit_memory"
echo 10 >"$state/kernel/kernel/panic"
echo 1 >"$state/kernel/kernel/panic_on_oops"
echo 1000000 >"$state/kernel/kernel/keys/root_maxkeys"
echo 25000000 >"$state/kernel/kernel/keys/root_maxbytes"
setsid --fork unshare --mount --pid --net --fork --propagation slave \
    bash -ec '
        read -r pid _ </proc/self/stat # of the machine still
        mount -t proc proc /proc
        mount --make-rshared /
        mount -t tmpfs -o mode=755 tmpfs /run
        mount --bind "$1/log" /var/log
        cd "$1/kernel"
        find * -type f | while read -r setting; do mount --bind "$setting" "/proc/sys/$setting"; done
        cd /
        readlink /proc/self/ns/pid >"$1/namespace"
        echo "$pid" >"$1/pid"
        exec -a "$2" "$1/bin/pause" "$1"
    ' bash "$state" "$node" </dev/null >"$state/log/node.log" 2>&1 9>&-
for _ in $(seq 100); do
    [ -z "$(first_process)" ] || break
    sleep 0.1
done
pid=$(first_process)
[ -n "$pid" ] || fail "the namespaces of a node could not be made: $(cat "$state/log/node.log")"

taken() { # whether a route other than the default one leads into a network, or to a part of it
    [ -n "$(ip -4 route show root "$1")$(ip -4 route show match "$1" | grep -v '^default')" ]
}
exec 8>"${TMPDIR:-/tmp}/also-e2e-network.lock"
flock 8 # clusters that start at once choose one after the other
for subnet in $(seq 208 239) none; do
    [ "$subnet" != none ] || fail "every network from 10.208.0.0/16 to 10.239.0.0/16 is in use on this machine"
    taken "10.$subnet.0.0/16" || break
done
machine=10.$subnet.255.1 address=10.$subnet.255.2
pods=10.$subnet.0.0/24 services=10.$subnet.64.0/20 api=10.$subnet.64.1 dns=10.$subnet.64.10
ip link add "$link" type veth peer name eth0 netns "$pid"
ip address add "$machine/30" dev "$link"
ip link set "$link" up
inside sh -ec "
    ip link set lo up
    ip address add $address/30 dev eth0
    ip link set eth0 up
    ip route add default via $machine
    echo 1 >/proc/sys/net/ipv4/ip_forward
    echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
" || fail "this kernel cannot carry a node's network; br_netfilter is needed"
ip route add "10.$subnet.0.0/16" via "$address" dev "$link"
exec 8>&-

# --- Identities. All of them end with the cluster.

cd "$state/pki"
key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
openssl req -x509 "${key[@]}" -keyout ca.key -out ca.crt -days 30 -subj "/CN=$node" \
    -addext keyUsage=critical,digitalSignature,keyCertSign,cRLSign 2>/dev/null # which Python 3.13 insists on
openssl ecparam -name prime256v1 -genkey -noout -out accounts.key
certificate() { # FILE USER GROUP [NAMES]
    openssl req "${key[@]}" -keyout "$1.key" -out "$1.csr" -subj "/O=$3/CN=$2" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" \
        -extfile <(printf '%s\n' "subjectAltName=${4:-DNS:$1}" authorityKeyIdentifier=keyid subjectKeyIdentifier=hash) 2>/dev/null
}
kubeconfig() { # FILE
    cat <<EOF
apiVersion: v1
kind: Config
current-context: $node
contexts: [{name: $node, context: {cluster: $node, user: $1}}]
clusters:
- name: $node
  cluster: {server: "https://$address:6443", certificate-authority-data: $(base64 -w 0 ca.crt)}
users:
- name: $1
  user: {client-certificate-data: $(base64 -w 0 "$1.crt"), client-key-data: $(base64 -w 0 "$1.key")}
EOF
}
certificate apiserver kube-apiserver "$node" "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,\
DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:$address,IP:$api"
certificate administrator administrator system:masters
certificate controllers system:kube-controller-manager "$node"
certificate scheduler system:kube-scheduler "$node"
certificate proxy system:kube-proxy "$node"
certificate kubelet "system:node:$node" system:nodes "DNS:$node,IP:$address"
for user in controllers scheduler proxy kubelet; do
    kubeconfig "$user" >"$user.conf"
done
(umask 077 && kubeconfig administrator >"$state/kubeconfig")
export KUBECONFIG=$state/kubeconfig
cd "$state"

# --- Settings.

cat >cni/10-pods.conflist <<EOF
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "pods", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": "$pods"}]],
            "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
EOF
# restrict_oom_score_adj: a machine may lack the capability to make its processes less likely to be killed.
cat >containerd.toml <<EOF
version = 2
root = "$state/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$state/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/also-pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$cache/debian/root/usr/lib/cni"
    conf_dir = "$state/cni"
EOF
# imageGCHighThresholdPercent, evictionHard: a disk that is filled by others is not the node's to clear. It would delete
# images, which could not be pulled again.
cat >kubelet.yaml <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, x509: {clientCAFile: $state/pki/ca.crt}, webhook: {enabled: true}}
authorization: {mode: Webhook}
tlsCertFile: $state/pki/kubelet.crt
tlsPrivateKeyFile: $state/pki/kubelet.key
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /$node
failCgroupV1: false
failSwapOn: false
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 200Mi, nodefs.available: 0%, nodefs.inodesFree: 0%, imagefs.available: 0%}
clusterDNS: ["$dns"]
clusterDomain: cluster.local
resolvConf: $state/resolv.conf
volumePluginDir: $state/kubelet/plugins
EOF
: >resolv.conf # nothing outside is resolved
cat >proxy.yaml <<EOF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clusterCIDR: $pods
clientConnection: {kubeconfig: $state/pki/proxy.conf}
hostnameOverride: $node
conntrack: {maxPerCore: 0, min: 0}
EOF

# --- Processes.

start() { # NAME COMMAND ...: it belongs to the node's first process, and writes log/NAME.log
    local name=$1
    shift
    inside setsid --fork sh -c 'echo $$ >"$0"; exec "$@"' "processes/$name" "$@" </dev/null >"log/$name.log" 2>&1 9>&-
}
wait_for() { # WHAT NAME COMMAND ...
    local what=$1 name=$2
    shift 2
    for _ in $(seq 600); do
        if "$@" >/dev/null 2>&1; then
            return
        fi
        [ -e "processes/$name" ] && inside test -d "/proc/$(cat "processes/$name")" || break
        sleep 0.3
    done
    tail -n 30 "log/$name.log" >&2
    fail "$what; above is the end of $state/log/$name.log"
}
for hierarchy in $(awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/self/mounts); do
    mkdir -p "$hierarchy/$node"
done

start containerd containerd --config containerd.toml
start etcd etcd --data-dir etcd --unsafe-no-fsync
start apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 --advertise-address="$address" \
    --tls-cert-file=pki/apiserver.crt --tls-private-key-file=pki/apiserver.key --client-ca-file=pki/ca.crt \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=pki/accounts.key \
    --service-account-signing-key-file=pki/accounts.key --service-cluster-ip-range="$services" \
    --kubelet-client-certificate=pki/administrator.crt --kubelet-client-key=pki/administrator.key \
    --kubelet-preferred-address-types=InternalIP
wait_for "the API server is not ready" apiserver bin/kubectl get --raw /readyz
start controllers kube-controller-manager --kubeconfig=pki/controllers.conf --leader-elect=false \
    --service-account-private-key-file=pki/accounts.key --root-ca-file=pki/ca.crt --use-service-account-credentials
start scheduler kube-scheduler --kubeconfig=pki/scheduler.conf --leader-elect=false
start proxy kube-proxy --config=proxy.yaml
wait_for "containerd does not answer" containerd inside ctr version
for image in pause coredns; do
    "$here/load_image.sh" "$state" "$cache/images/$image.tar"
done
start kubelet kubelet --config=kubelet.yaml --kubeconfig=pki/kubelet.conf --hostname-override="$node" \
    --node-ip="$address" --root-dir="$state/kubelet" --cert-dir="$state/kubelet/pki"
wait_for "the node is not ready" kubelet bin/kubectl wait --for=condition=Ready "node/$node" --timeout=1s

# NetworkPolicies. The controller judges new connections that it is handed by a queue, and fails to make the rules that
# hand them over where the kernel's nftables have no queue (its log says so); these do the same. Connections that are
# there go on, and what the node itself asks of a pod (a kubelet's probe, a forwarded port) is never judged.
bin/kubectl apply --server-side -f "$here/manifests/network-policies.yaml" >/dev/null
account=/run/secrets/kubernetes.io/serviceaccount
inside mkdir -p "$account"
bin/kubectl -n kube-system create token network-policies --duration=24h | inside tee "$account/token" >/dev/null
inside cp pki/ca.crt "$account/ca.crt"
start network-policies env KUBERNETES_SERVICE_HOST="$address" KUBERNETES_SERVICE_PORT=6443 \
    kube-network-policies --hostname-override="$node" --metrics-bind-address=127.0.0.1:9080
inside sh -ec "
    for chain in FORWARD INPUT; do
        iptables -t mangle -A \$chain -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
    done
    iptables -t mangle -A FORWARD -s $pods -j NFQUEUE --queue-num 100
    iptables -t mangle -A FORWARD -d $pods -j NFQUEUE --queue-num 100
    iptables -t mangle -A INPUT -s $pods -j NFQUEUE --queue-num 100
"

sed -e "s/@DNS@/$dns/" -e "s/@COREDNS@/$COREDNS/" "$here/manifests/coredns.yaml" |
    bin/kubectl apply --server-side -f - >/dev/null
wait_for "DNS is not ready" kubelet bin/kubectl -n kube-system wait --for=condition=Available \
    deployment/coredns --timeout=1s
touch ready
