# Read by the scripts that make a virtual environment for the end-to-end tests, whose first argument is its folder, after
# they have set `tools` and `versions`. Waits for whoever makes the folder now, and ends the script where it is ready: where
# its file `ready` holds `recipe`, the checksum of the script, of this file and of the versions. Any other folder is removed;
# beside it stays FOLDER.lock.
fail() {
    echo "error: $*" >&2
    exit 2
}

folder=$1
mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
if ! flock --nonblock 9; then
    echo "Waiting for whoever builds $folder now ..."
    flock 9
fi
recipe=$(cat "$0" "$tools/environment.sh" "$versions" | sha256sum | cut -d ' ' -f 1)
[ "$(cat "$folder/ready" 2>/dev/null)" != "$recipe" ] || exit 0
rm -rf "$folder"
