#!/usr/bin/env bash
# Builds what the cluster of `make e2e` is made of: build_components.sh CACHE. Each component is kept in
# CACHE/NAME-VERSION-CHECKSUM, where the checksum is that of its recipe; one that is there and complete costs nothing,
# one that was interrupted is made anew. CACHE/bin then has every command. Nothing is installed into the system: Go
# modules are built, Debian's packages are unpacked. On two idle cores all of it takes some 15 minutes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/versions.env"
cache=$(realpath -m "${1:?usage: build_components.sh CACHE}")

fail() {
    echo "error: $*" >&2
    exit 2
}

[ "$(uname -sm)" = "Linux x86_64" ] || fail "the cluster is built on Linux x86_64 only, this is $(uname -sm)"
for command in go gcc apt-get dpkg-deb; do
    command -v "$command" >/dev/null || fail "$command is needed to build the cluster, and is not on the path"
done
mkdir -p "$cache"
exec 9>"$cache/lock"
if ! flock --nonblock 9; then
    echo "Waiting for whoever builds $cache now ..."
    flock 9
fi
rm -rf "$cache/bin"
mkdir "$cache/bin"
# 14 GB while components are built, and gone with the last of them.
export GOCACHE=$cache/go/build GOMODCACHE=$cache/go/modules
export CGO_ENABLED=0 GOFLAGS="-mod=mod -buildvcs=false -trimpath" GOWORK=off

# component NAME VERSION [FILE ...]: the folder of a component, made by the function make_NAME in an empty folder.
component() {
    local name=$1 version=$2 recipe folder start
    shift 2
    recipe=$({ declare -f "make_$name"; cat /dev/null "$@"; } | sha256sum | cut -c 1-12)
    folder=$cache/$name-$version-$recipe
    if [ ! -e "$folder/ready" ]; then
        start=$SECONDS
        echo "Making $name $version ..."
        rm -rf "$folder"
        mkdir -p "$folder/bin"
        if ! (cd "$folder" && "make_$name" "$version" "$@") >"$cache/$name.log" 2>&1; then
            grep -v '^go: downloading' "$cache/$name.log" | tail -n 30 >&2
            fail "$name $version could not be made; the reason is above. The same command tries again"
        fi
        touch "$folder/ready"
        echo "Made $name $version in $((SECONDS - start)) s, $(du -sm "$folder" | cut -f 1) MB"
    fi
    ln -sfn "$folder" "$cache/$name"
    find "$folder/bin" -mindepth 1 -maxdepth 1 -exec ln -sf -t "$cache/bin" {} +
}

# retried COMMAND ...: one that asks a registry; a busy machine or registry is asked once more.
retried() {
    "$@" || { sleep 5 && "$@"; }
}

# Unpacked and not installed: the system's own containerd or iptables, and its services, stay as they are. A command
# is a script that tells the real one where its libraries and settings are.
make_debian() {
    local file name real
    local packages commands
    mapfile -t packages < <(grep -v '^#' "$2" | tr -s ' ' '\n')
    commands=" etcd containerd containerd-shim-runc-v2 ctr runc conntrack debootstrap buildah
        iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore "
    mkdir download root
    (
        cd download
        apt-get download -qq "${packages[@]}" 2>/dev/null ||
            { retried apt-get update -qq && retried apt-get download -qq "${packages[@]}"; }
    ) || return 1
    for file in download/*.deb; do
        dpkg-deb --fsys-tarfile "$file" | tar -x -C root --exclude='./usr/share/doc' --exclude='./usr/share/man'
        dpkg-deb --show --showformat '${Package} ${Version}\n' "$file"
    done >versions || return 1
    rm -r download
    printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' \
        "${PWD%/*}/buildah/images" "${PWD%/*}/buildah/run" >storage.conf
    for name in $commands; do
        case $name in
        *tables*) real=${name/tables/tables-nft} ;; # what Debian's `iptables` is
        *) real=$name ;;
        esac
        file=$(find root/usr/bin root/usr/sbin root/sbin -name "$real" 2>/dev/null | head -n 1)
        [ -n "$file" ] || { echo "Debian's packages have no command $real"; return 1; }
        cat >"bin/$name" <<WRAPPER
#!/bin/sh
root=$PWD/root
export LD_LIBRARY_PATH=\$root/usr/lib/x86_64-linux-gnu:\$root/lib/x86_64-linux-gnu
export XTABLES_LIBDIR=\$root/usr/lib/x86_64-linux-gnu/xtables DEBOOTSTRAP_DIR=\$root/usr/share/debootstrap
exec "$PWD/$file" "\$@"
WRAPPER
        chmod +x "bin/$name"
    done
    # Without /etc/containers, and in a mount namespace of its own, since it leaves mounts behind. The processes that it
    # starts for RUN do not inherit LD_LIBRARY_PATH: it finds its libraries by a cache that only this namespace sees.
    printf '%s\n' "$PWD/root/usr/lib/x86_64-linux-gnu" 'include /etc/ld.so.conf' >ld.so.conf
    PATH=$PATH:/usr/sbin:/sbin ldconfig -X -f ld.so.conf -C ld.so.cache || return 1
    cat >bin/buildah <<WRAPPER
#!/bin/sh
export folder=$PWD CONTAINERS_STORAGE_CONF=$PWD/storage.conf CONTAINERS_REGISTRIES_CONF=/dev/null
export BUILDAH_ISOLATION=chroot PATH=${PWD%/*}/bin:\$PATH
command=\$1
shift
case \$command in
bud | build | commit | from | pull | push)
    set -- --signature-policy "\$folder/root/etc/containers/policy.json" "\$@"
    ;;
esac
exec unshare --mount --propagation slave sh -ec '
    mount --bind "\$folder/ld.so.cache" /etc/ld.so.cache
    exec "\$folder/root/usr/bin/buildah" "\$@"
' buildah "\$command" "\$@"
WRAPPER
}

# The module's own go.mod names the versions of all others; only the parts of Kubernetes, which it replaces by folders,
# are named by their release.
make_kubernetes() {
    local module minor
    minor=$(echo "$1" | cut -d . -f 2)
    module=$(retried go mod download -json "k8s.io/kubernetes@$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p') || return 1
    [ -d "$module" ] || return 1
    mkdir source
    cp "$2" source
    sed -e 's|^module .*|module also.test/kubernetes|' \
        -e "s|=> ./staging/src/\(k8s.io/.*\)|=> \1 v0${1#v1}|" "$module/go.mod" >source/go.mod
    cp "$module/go.sum" source/go.sum
    chmod u+w source/go.sum
    (
        cd source
        go mod edit -require="k8s.io/kubernetes@$1"
        retried go build -o ../kubernetes -ldflags "-s -w
            -X k8s.io/component-base/version.gitVersion=$1
            -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$minor" .
    ) || return 1
    for name in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl; do
        ln -s ../kubernetes "bin/$name"
    done
}

# installed PACKAGE@VERSION: built into bin/ of this folder.
installed() {
    GOFLAGS="-buildvcs=false -trimpath" GOBIN=$PWD/bin retried go install -ldflags "-s -w" "$1"
}

make_helm3() {
    installed "helm.sh/helm/v3/cmd/helm@$1" && mv bin/helm bin/helm3
}

make_helm4() {
    installed "helm.sh/helm/v4/cmd/helm@$1" && mv bin/helm bin/helm4
}

make_versitygw() {
    installed "github.com/versity/versitygw/cmd/versitygw@$1"
}

# What an API server of this release publishes of its objects, as files.
make_openapi() {
    local module
    module=$(retried go mod download -json "k8s.io/kubernetes@$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p') || return 1
    cp -r "$module/api/openapi-spec/v3" v3
    chmod -R u+w v3
}

make_kubeconform() {
    installed "github.com/yannh/kubeconform/cmd/kubeconform@$1"
}

# built MODULE@VERSION PACKAGE FILE [MAIN]: the package, as the dependency of a module with the same requirements; for
# `go install` asks for the list of a module's versions, which not every registry gives. PACKAGE . is the file MAIN.
# Prints the module's folder.
built() {
    local module
    module=$(retried go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p') || return 1
    [ -d "$module" ] || return 1
    mkdir source
    [ -z "${4:-}" ] || cp "$4" source
    sed 's|^module .*|module also.test/built|' "$module/go.mod" >source/go.mod
    cp "$module/go.sum" source/go.sum
    chmod -R u+w source
    (cd source && go mod edit -require="$1" && retried go build -o "../$3" -ldflags "-s -w" "$2") || return 1
    echo "$module"
}

make_coredns() {
    built "github.com/coredns/coredns@$1" . bin/coredns "$2"
}

# Debian's Prometheus can find no pods. Of the services that this one could ask for targets, it knows Kubernetes alone.
make_prometheus() {
    export GOFLAGS="$GOFLAGS -tags=remove_all_sd,enable_kubernetes_sd"
    for name in prometheus promtool; do
        built "github.com/prometheus/prometheus@$1" "github.com/prometheus/prometheus/cmd/$name" "bin/$name" || return 1
        rm -rf source
    done
}

# The manager, and the chart of the same release, which is in its module.
make_kueue() {
    local module
    module=$(built "sigs.k8s.io/kueue@$1" sigs.k8s.io/kueue/cmd/kueue bin/kueue) || return 1
    cp -r "$module/charts/kueue" chart
    chmod -R u+w chart
}

# Judges packets by the NetworkPolicies of the cluster.
make_network-policies() {
    built "sigs.k8s.io/kube-network-policies@$1" sigs.k8s.io/kube-network-policies/cmd bin/kube-network-policies
}

# A process that holds the namespaces of a pod, and ends when it is told to.
make_pause() {
    gcc -Os -static -Wall -Werror -o bin/pause "$2"
}

# Debian with Python, as an archive: what ALSO's images begin with where no registry is asked for them. Documents,
# translations and headers stay out, now and when a package is added.
make_base() {
    local mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' | awk '$2 !~ /-/ {print $1; exit}')
    [ -n "$mirror" ] || { echo "apt-get names no mirror of Debian"; return 1; }
    # Its mounts end with a mount namespace of its own.
    retried unshare --mount --propagation slave "$cache/bin/debootstrap" --variant=minbase \
        --include=python3,python3-venv,ca-certificates "$1" root "$mirror" || return 1
    printf 'path-exclude=%s\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/info/*' '/usr/share/locale/*' \
        '/usr/share/lintian/*' '/usr/include/*' '/usr/lib/*.a' >root/etc/dpkg/dpkg.cfg.d/excluded
    rm -rf root/usr/share/{doc,man,info,locale,lintian}/* root/usr/include/* root/var/lib/apt/lists/* \
        root/var/cache/apt/* root/var/cache/debconf/*-old root/var/log/* root/etc/machine-id
    tar --create --file root.tar --sort=name --mtime=@0 --numeric-owner -C root \
        --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' . || return 1
    rm -rf --one-file-system root
}

# The same with Debian's own PyTorch, for the CPU: what a trainer begins with. The BLAS that comes with it is fifty times
# slower than the one named here.
make_torch-base() {
    mkdir root
    tar --extract --file "$cache/base/root.tar" -C root
    retried unshare --mount --propagation slave sh -ec '
        mount -t proc proc root/proc
        mount --bind /dev root/dev
        mount --bind /etc/resolv.conf root/etc/resolv.conf
        for folder in /etc/apt/apt.conf.d /etc/ssl/certs; do
            [ ! -d $folder ] || mount --bind $folder root$folder
        done
        chroot root apt-get update -qq
        DEBIAN_FRONTEND=noninteractive chroot root apt-get install -qq --no-install-recommends \
            libopenblas0-openmp python3-torch
    ' || return 1
    rm -rf root/usr/lib/libtorch-test root/usr/lib/python3/dist-packages/torch/bin/test_*
    find root/usr/lib -name '*.a' -delete
    rm -rf root/var/lib/apt/lists/* root/var/cache/apt/* root/var/cache/debconf/*-old root/var/log/*
    tar --create --file root.tar --sort=name --mtime=@0 --numeric-owner -C root \
        --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' . || return 1
    rm -rf --one-file-system root
}

# Three at once: each of them downloads, unpacks or links for a while, which leaves a core idle.
component debian 12 "$here/debian-packages.txt"
component pause 1 "$here/images/pause.c"
{
    component kubernetes "$KUBERNETES" "$here/kubernetes/main.go"
    component openapi "$KUBERNETES"
    component network-policies "$KUBE_NETWORK_POLICIES"
    component prometheus "$PROMETHEUS"
} &
lanes=("$!")
{
    component kueue "$KUEUE"
    component versitygw "$VERSITYGW"
    component coredns "$COREDNS" "$here/coredns/main.go"
    component helm3 "$HELM3"
    component helm4 "$HELM4"
    component kubeconform "$KUBECONFORM"
} &
lanes+=("$!")
{
    component base "$DEBIAN_BASE"
    component torch-base "$DEBIAN_BASE" <(declare -f make_base)
} &
lanes+=("$!")
failed=0
for lane in "${lanes[@]}"; do
    wait "$lane" || failed=2
done
[ "$failed" = 0 ] || exit "$failed"
[ ! -d "$cache/go" ] || chmod -R u+w "$cache/go" # modules are read-only
rm -rf "$cache/go"
