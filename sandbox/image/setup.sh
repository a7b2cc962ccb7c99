#!/bin/sh
# Turns an installed Debian tree into the sandbox image. Runs inside it, as its root, with the
# recipe in /recipe, whichever way the packages were installed.
set -eu

echo 'user:x:1000:1000::/work:/bin/bash' >> /etc/passwd
echo 'user:x:1000:' >> /etc/group
mkdir -p /work /lab /usr/share/wordlists

# Every list of a kind has the same few words, so that a command that walks one ends in a second.
for words in /recipe/wordlists/*.words; do
    kind="${words%.words}"
    grep -v '^#' "$words" > "/usr/share/wordlists/.$(basename "$kind")"
    while read -r name; do
        ln -f "/usr/share/wordlists/.$(basename "$kind")" "/usr/share/wordlists/$name.txt"
    done < "$kind.names"
done

# Two data files are cut to fit a lab on loopback, as the wordlists are: nikto asks for every 20th
# of its 6,500 pages, and nmap -sV waits 0.6 s for a banner where the wide world may need 6.
tests=/var/lib/nikto/databases/db_tests
awk '!/^"/ || NR % 20 == 0' "$tests" > "$tests.new" && mv "$tests.new" "$tests"
sed -i -e 's/^totalwaitms 6000/totalwaitms 600/' -e 's/^tcpwrappedms 3000/tcpwrappedms 300/' \
    /usr/share/nmap/nmap-service-probes

# masscan listens for a second after its last packet, not for ten.
mkdir -p /etc/masscan && echo 'wait = 1' > /etc/masscan/masscan.conf

# What is installed, for the image's digest and for people who ask.
dpkg-query --show --showformat '${Package} ${Version}\n' | sort > /etc/goodhart-packages.txt
