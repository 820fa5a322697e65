# shellcheck shell=bash
# Shared by the scripts beside it; to be sourced.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export root

say() { printf '%s\n' "== $*"; }
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Names of scripts/packages.txt in any of the groups.
packages_of() {
    local groups=" $* " name words word
    while read -r name words; do
        [[ -z $name || $name == \#* ]] && continue
        for word in $words; do
            if [[ $groups == *" $word "* ]]; then
                printf '%s\n' "$name"
                break
            fi
        done
    done <"$root/scripts/packages.txt"
}

missing_packages() {
    local name
    for name in $(packages_of "$@"); do
        [[ $(dpkg-query -W -f='${Status}' "$name" 2>/dev/null) == "install ok installed" ]] || printf '%s\n' "$name"
    done
}

policy=/usr/sbin/policy-rc.d
policy_saved=$policy.tocsin-saved

restore_policy() {
    rm -f "$policy"
    if [[ -e $policy_saved ]]; then mv "$policy_saved" "$policy"; fi
    trap - EXIT
}

# No daemon of a package starts while it is installed. What stood there comes back at the end.
guard_policy() {
    if [[ -e $policy_saved ]]; then rm -f "$policy" && mv "$policy_saved" "$policy"; fi
    if [[ -e $policy ]]; then mv "$policy" "$policy_saved"; fi
    trap restore_policy EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

# Installs what is missing of these groups; says nothing when all is there.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    say "installing ${missing[*]}"
    command -v apt-get >/dev/null || die "apt-get is not here; install by other means: ${missing[*]}"
    ((EUID == 0)) || die "packages are missing, run as root: apt-get install --no-install-recommends ${missing[*]}"
    guard_policy
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || die "apt-get update failed; is the network there?"
    apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null ||
        die "apt-get install failed for: ${missing[*]}"
    restore_policy
    # With an init system they would start at the next boot: these were asked for as peers of tests.
    if [[ -d /run/systemd/system ]]; then
        local name
        for name in frr bird prometheus; do
            if [[ " ${missing[*]} " == *" ${name} "* || " ${missing[*]} " == *" ${name}2 "* ]]; then
                systemctl disable --now --quiet "$name" || say "could not disable $name.service"
            fi
        done
    fi
}

# Compiler processes that fit this machine: one per CPU, at most one per GiB.
jobs() {
    local cpus memory
    cpus=$(nproc)
    memory=$(awk '/^MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
    ((memory >= 1)) || memory=1
    echo $((cpus < memory ? cpus : memory))
}

# configure FOLDER [MESON OPTION...]: set up, or changed where it stands. With the options that it has
# already nothing is done: meson would have everything compiled again.
configure() {
    local folder=$1 asked
    shift
    asked=$(printf '%s\n' "$@")
    if [[ -f $folder/build.ninja && -f $folder/options && $(<"$folder/options") == "$asked" ]]; then return; fi
    if [[ -f $folder/build.ninja ]]; then
        meson configure "$folder" "$@" || die "cannot change $folder; remove it and try again"
    else
        meson setup "$folder" "$root" "$@" >"$folder.log" 2>&1 || {
            tail -n 30 "$folder.log" >&2
            die "cannot configure $folder"
        }
        mv "$folder.log" "$folder/setup.log"
    fi
    printf '%s\n' "$asked" >"$folder/options"
}
