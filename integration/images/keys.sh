#!/bin/sh
# Make an authority, a certificate for every NAME:UID[:ADDRESS]... given, and the API's token.
#
# Each name has a volume of its own at /keys/NAME, which its container alone mounts: a container that
# is taken over gives away its own key. The authority's key is kept in a volume that only this mounts.
# What is there already stays, so that a second start changes nothing.
set -eu
umask 077
authority=/keys/authority

if [ ! -s $authority/ca.crt ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj "/CN=fsdn bed" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout $authority/ca.key -out $authority/ca.new 2>/dev/null
  openssl rand -hex 32 >$authority/token
  mv $authority/ca.new $authority/ca.crt
fi

certify() { # name, addresses
  names="DNS:$1,DNS:localhost,IP:127.0.0.1"
  for one in $2; do names="$names,IP:$one"; done
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
    -keyout tls.key -out tls.csr 2>/dev/null
  printf '%s\n' "subjectAltName=$names" 'extendedKeyUsage=serverAuth,clientAuth' >tls.ext
  openssl x509 -req -in tls.csr -CA $authority/ca.crt -CAkey $authority/ca.key -days 825 \
    -set_serial "0x$(openssl rand -hex 16)" -extfile tls.ext -out tls.new 2>/dev/null
  rm tls.csr tls.ext
}

for entry in "$@"; do
  name=${entry%%:*} rest=${entry#*:}
  owner=${rest%%:*} addresses=
  case $rest in *:*) addresses=$(echo "${rest#*:}" | tr : ' ') ;; esac
  cd "/keys/$name"
  cmp -s $authority/ca.crt ca.crt && [ -s tls.crt ] && continue
  certify "$name" "$addresses"
  cp $authority/ca.crt ca.crt
  cp $authority/token token
  chown "$owner:$owner" . tls.key tls.new ca.crt token
  mv tls.new tls.crt
  echo "made the key and certificate of $name"
done
