# shellcheck shell=bash
# Completion of tocsinctl for bash: source it, or copy it to /usr/share/bash-completion/completions/tocsinctl.
# Commands and options are those of `tocsinctl --help`, names of sessions and ports those of the running tocsind.

_tocsinctl_help() { tocsinctl "$@" --help 2>/dev/null; }

# The words below "Subcommands:" of a help text.
_tocsinctl_commands() { awk '/^Subcommands:/ {on = 1; next} /^[^ ]/ {on = 0} on && /^  [a-z]/ {print $1}'; }

# The long options of a help text.
_tocsinctl_options() { awk '/^ +-/ {n = split($1, names, ","); for (i = 1; i <= n; i++) if (names[i] ~ /^--/) print names[i]}'; }

_tocsinctl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} given text
    local -a path=() words=()
    for given in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if [[ $given == [a-z]* && " $(_tocsinctl_help "${path[@]}" | _tocsinctl_commands | tr '\n' ' ') " == *" $given "* ]]; then
            path+=("$given")
        fi
    done
    text=$(_tocsinctl_help "${path[@]}")
    case $before in
    -o | --output) words=(table json jsonl) ;;
    --state) words=(up init down admin-down) ;;
    --type) words=(single_hop multihop echo vxlan geneve mpls vccv sbfd) ;;
    --payload) words=(ethernet ip) ;;
    --auth) words=(none simple_password keyed_md5 meticulous_keyed_md5 keyed_sha1 meticulous_keyed_sha1 frr_hmac_sha1) ;;
    --port) mapfile -t words < <(tocsinctl --timeout 1s port list 2>/dev/null | awk 'NR > 1 && /^[^ ]+ +(up|down)/ {print $1}') ;;
    --from | --pcapng)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    *)
        mapfile -t words < <(
            _tocsinctl_commands <<<"$text"
            _tocsinctl_options <<<"$text"
            _tocsinctl_help | _tocsinctl_options
        )
        case "${path[*]}" in
        "session show" | "session history" | "session set" | "session delete" | "session poll" | "session admin-"* | "session clear-dampening")
            [[ $word == -* ]] || mapfile -t -O "${#words[@]}" words < <(tocsinctl --timeout 1s session list 2>/dev/null |
                awk 'NR > 1 && $1 ~ /^[0-9]+$/ {if ($2 != "-") print $2; print $3}')
            ;;
        "config check")
            [[ $word == -* ]] || mapfile -t -O "${#words[@]}" words < <(compgen -f -- "$word")
            ;;
        esac
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$word" | sort -u)
}

complete -o filenames -F _tocsinctl tocsinctl
