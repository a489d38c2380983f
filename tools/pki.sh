#!/bin/sh
# SPDX-License-Identifier: MIT
# The private certificate authority of one installation: EC P-256, made by openssl alone.
#
#   pki.sh init DIR            the authorities and the certificates of the broker, of ohmd and of HTTPS
#   pki.sh device DIR NAME     DIR/devices/NAME/{key,cert}.pem, the key made for that device
#   pki.sh operator DIR NAME   DIR/operators/NAME/{key,cert}.pem, for the lab listener
#   pki.sh status DIR          every certificate with the days it has left
#
# Every call may be repeated: what is there and good stays; a certificate in its last 30 days is renewed
# under the same key. OHM_HOST_NAMES (separated by spaces) adds host names to the server certificates.
#
# Operators have an authority of their own, so that an operator's certificate is worth nothing where
# devices connect: there, a certificate's name decides which topics it owns.
set -eu
umask 077

authority_days=3650
days=397
renew_seconds=$((30 * 24 * 3600))
key_type='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'

fail() {
    echo "pki.sh: $*" >&2
    exit 1
}

usage() {
    sed -n '5,8p' "$0" | sed 's/^# *//' >&2
    exit 2
}

serial() {
    echo "0x01$(openssl rand -hex 15)"
}

is_good() { # CERT AUTHORITY
    [ -s "$1" ] && openssl x509 -in "$1" -noout -checkend "$renew_seconds" >/dev/null 2>&1 &&
        openssl verify -CAfile "$2" "$1" >/dev/null 2>&1
}

has_key() { # KEY
    openssl pkey -in "$1" -noout 2>/dev/null
}

# An authority is never renewed in silence: everything that trusts it would have to be told.
authority() { # CERT KEY COMMON_NAME
    if [ -s "$1" ]; then
        has_key "$2" || fail "$1 is there, but its key $2 is not"
        openssl x509 -in "$1" -noout -checkend 0 >/dev/null || fail "$1 has expired; move $dir away and start again"
        return
    fi
    # shellcheck disable=SC2086
    openssl req -new -x509 $key_type -keyout "$2" -out "$1.new" -days "$authority_days" \
        -set_serial "$(serial)" -subj "/O=Ohmstead/CN=$3" \
        -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' \
        -addext 'keyUsage=critical,keyCertSign,cRLSign' 2>"$dir/openssl.log" || fail "openssl: $(cat "$dir/openssl.log")"
    chmod 644 "$1.new"
    mv "$1.new" "$1"
}

# The subject and the extensions are set here and nowhere else; a request only brings its public key.
certificate() { # FOLDER COMMON_NAME AUTHORITY_CERT AUTHORITY_KEY EXTENDED_KEY_USAGE ALTERNATIVE_NAMES
    if has_key "$1/key.pem" && is_good "$1/cert.pem" "$3"; then
        return
    fi
    mkdir -p "$1"
    {
        echo 'basicConstraints=critical,CA:FALSE'
        echo 'keyUsage=critical,digitalSignature'
        echo "extendedKeyUsage=$5"
        echo 'subjectKeyIdentifier=hash'
        echo 'authorityKeyIdentifier=keyid'
        [ -z "$6" ] || echo "subjectAltName=$6"
    } >"$1/extensions"
    if ! has_key "$1/key.pem"; then
        rm -f "$1/cert.pem" # it would not fit the new key
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1/key.new" 2>"$dir/openssl.log" ||
            fail "openssl: $(cat "$dir/openssl.log")"
        mv "$1/key.new" "$1/key.pem"
    fi
    {
        openssl req -new -key "$1/key.pem" -subj "/O=Ohmstead/CN=$2" |
            openssl x509 -req -CA "$3" -CAkey "$4" -set_serial "$(serial)" -days "$days" -sha256 \
                -extfile "$1/extensions" -out "$1/cert.new"
    } 2>"$dir/openssl.log" || fail "openssl: $(cat "$dir/openssl.log")"
    chmod 644 "$1/cert.new"
    mv "$1/cert.new" "$1/cert.pem"
    rm -f "$1/extensions"
}

server_names() {
    names='DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1'
    for name in ${OHM_HOST_NAMES:-}; do
        names="$names,DNS:$name"
    done
    echo "$names"
}

server_certificate() { # FOLDER COMMON_NAME
    for name in ${OHM_HOST_NAMES:-}; do
        if [ -s "$1/cert.pem" ] && ! openssl x509 -in "$1/cert.pem" -noout -checkhost "$name" | grep -q 'does match'; then
            rm -f "$1/cert.pem"
        fi
    done
    certificate "$1" "$2" "$dir/ca.pem" "$dir/ca_key.pem" serverAuth "$(server_names)"
}

check_name() { # NAME FOLDER_OF_THE_OTHER_KIND
    case $1 in
    '' | *[!A-Za-z0-9_-]*) fail "'$1' is not a name: letters, digits, '_' and '-' only, 1 to 32 of them" ;;
    esac
    [ ${#1} -le 32 ] || fail "'$1' has more than 32 characters"
    # The broker tells ohmd from the devices by this name alone.
    [ "$1" != ohmd ] || fail "'ohmd' is the server's own name"
    [ ! -e "$2/$1" ] || fail "'$1' is taken: see $2/$1"
}

init() {
    authority "$dir/ca.pem" "$dir/ca_key.pem" 'Ohmstead private authority'
    mkdir -p "$dir/operators" "$dir/devices"
    authority "$dir/operators/ca.pem" "$dir/operators/ca_key.pem" 'Ohmstead operators'
    server_certificate "$dir/broker" broker
    server_certificate "$dir/https" ohmd-https
    certificate "$dir/ohmd" ohmd "$dir/ca.pem" "$dir/ca_key.pem" clientAuth ''
}

status() {
    now=$(date +%s)
    find "$dir" -name '*.pem' ! -name '*key.pem' | LC_ALL=C sort | while read -r cert; do
        end=$(date -d "$(openssl x509 -in "$cert" -noout -enddate | cut -d= -f2)" +%s)
        printf '%6d days  %s\n' $(((end - now) / 86400)) "${cert#"$dir"/}"
    done
}

[ $# -ge 2 ] || usage
command -v openssl >/dev/null || fail "openssl is missing (Debian: apt-get install openssl)"
action=$1
case $action in
device)
    [ $# -eq 3 ] || usage
    check_name "$3" "$2/operators"
    ;;
operator)
    [ $# -eq 3 ] || usage
    check_name "$3" "$2/devices"
    ;;
init) mkdir -p "$2" ;;
status) [ $# -eq 2 ] || usage ;;
*) usage ;;
esac
[ -d "$2" ] || fail "$2: no such folder; 'pki.sh init $2' makes it"
dir=$(cd "$2" && pwd)

exec 9>"$dir/.lock"
flock -w 60 9 || fail "$dir is in use by another pki.sh"
case $action in
init) init ;;
device)
    [ -s "$dir/ca.pem" ] || fail "$dir has no authority; 'pki.sh init $dir' makes it"
    certificate "$dir/devices/$3" "$3" "$dir/ca.pem" "$dir/ca_key.pem" clientAuth "URI:urn:ohmstead:device:$3"
    ;;
operator)
    [ -s "$dir/operators/ca.pem" ] || fail "$dir has no authority; 'pki.sh init $dir' makes it"
    certificate "$dir/operators/$3" "$3" "$dir/operators/ca.pem" "$dir/operators/ca_key.pem" clientAuth ''
    ;;
status) status ;;
esac
rm -f "$dir/openssl.log"
