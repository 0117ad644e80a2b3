#!/bin/sh
# Makes sure that there is a Chromium that a program can drive, and prints the path of its chromedriver, which has chromium
# beside it: fetch_chromium.sh FOLDER. Those installed are taken; else Debian's packages, and what they need that is not
# installed here, are unpacked into FOLDER (130 MB to fetch). That takes no rights. apt checks their checksums.
set -eu
folder=$1
part=$folder.part

installed=$(command -v chromedriver || true)
if [ -n "$installed" ] && [ -x "$(dirname "$installed")/chromium" ]; then
    echo "$installed"
    exit 0
fi
if [ ! -x "$folder/chromedriver" ]; then
    command -v apt-get >/dev/null || {
        echo "there is no Chromium on the path, and no apt-get to fetch it with: tests that open pages are skipped" >&2
        exit 2
    }
    rm -rf "$part" "$folder"
    mkdir -p "$part/root" "$part/packages"
    (
        cd "$part/packages"
        needed() {
            apt-get install --simulate --no-install-recommends chromium chromium-driver |
                sed -n 's/^Inst \([^ ]*\) .*/\1/p'
        }
        fetch() {
            packages=$(needed) && [ -n "$packages" ] && apt-get download -q $packages
        }
        fetch >/dev/null 2>&1 || { apt-get update -q && { fetch || fetch; }; } >&2
        for package in *.deb; do
            dpkg-deb --extract "$package" ../root
        done
    )
    rm -r "$part/packages"

    # Chromium starts under its packages' libraries, and sees their fonts beside this machine's.
    cat >"$part/fonts.conf" <<END
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<dir>/usr/share/fonts</dir><dir>$folder/root/usr/share/fonts</dir>
</fontconfig>
END
    libraries=$(find "$part/root" -name '*.so*' -exec dirname {} + | sort -u | sed "s|^$part|$folder|" | paste -sd :)
    for program in chromium chromedriver; do
        cat >"$part/$program" <<END
#!/bin/sh
export LD_LIBRARY_PATH='$libraries' FONTCONFIG_FILE='$folder/fonts.conf'
exec '$folder/root/usr/lib/chromium/chromium' "\$@"
END
    done
    sed -i 's|/usr/lib/chromium/chromium|/usr/bin/chromedriver|' "$part/chromedriver"
    chmod +x "$part/chromium" "$part/chromedriver"
    mv "$part" "$folder" # last, so that what was interrupted is begun again
fi
echo "$folder/chromedriver"
