#!/bin/sh
# Stands in for NetworkManager's nmcli in the tests: notes how it was called, and says what the
# files in $FAKE_NMCLI say. Its words are those of nmcli 1.42.
cd "$FAKE_NMCLI" || exit 1
for argument; do printf '[%s]' "$argument"; done >>log
printf '\n' >>log
if [ "$LC_ALL" != C ]; then
    echo "Fehler: die Sprache ist nicht Englisch" >&2
    exit 1
fi
answer() { # NAME: prints what NAME says, complains as NAME.error does, exits as NAME.exit does.
    [ -e "$1.hang" ] && exec sleep 100
    [ -e "$1" ] && cat "$1"
    [ -e "$1.error" ] && cat "$1.error" >&2
    exit "$(cat "$1.exit" 2>/dev/null || echo 0)"
}
case " $* " in
*" device wifi list "*) answer list ;;
*" device show "*) answer device ;;
*" connection delete "*)
    [ -e profile ] && rm profile && echo "Connection 'ohmstead-station' successfully deleted." && exit 0
    echo "Error: unknown connection 'ohmstead-station'." >&2
    echo "Error: cannot delete unknown connection(s): 'ohmstead-station'." >&2
    exit 10
    ;;
*" connection add "*)
    : >profile
    answer add
    ;;
*" connection up "*)
    case " $* " in
    *" passwd-file "*) cat /proc/self/fd/3 >secret ;;
    *) : >secret ;;
    esac
    answer up
    ;;
esac
echo "Error: argument '$1' not understood. Try passing --help instead." >&2
exit 2
