#!/bin/sh
# Makes the certificates that the tests of TLS use, good for a hundred years. Needs openssl; the tests do not.
#
#   ca -> one, two      for localhost, 127.0.0.1 and ::1, as server or as client; two is what one is replaced by
#   other-ca -> stranger   the same, of somebody whom nobody trusts
#   alone, expired         the same, each of itself; the second was good until 2021
set -eu
cd "$(dirname "$0")"

authority() { # name
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.crt" \
    -days 36500 -subj "/CN=memwire test $1" -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign
}

certificate() { # name, authority
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.csr" \
    -subj "/CN=memwire test $1"
  printf '%s\n' 'basicConstraints=CA:FALSE' 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' \
    'extendedKeyUsage=serverAuth,clientAuth' > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days 36500 -extfile "$1.ext" \
    -out "$1.crt"
}

alone() { # name
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.crt" \
    -days 36500 -subj "/CN=memwire test $1" -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
}

past() { # name
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.csr" \
    -subj "/CN=memwire test $1"
  printf '%s\n' 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' > "$1.ext"
  printf '%s\n' '[ca]' 'default_ca=own' '[own]' 'database=past.txt' 'serial=past.srl' 'new_certs_dir=.' \
    'default_md=sha256' 'policy=any' '[any]' 'commonName=supplied' > past.cnf
  : > past.txt
  echo 01 > past.srl
  openssl ca -batch -config past.cnf -selfsign -keyfile "$1.key" -in "$1.csr" -out "$1.crt" -notext \
    -startdate 20200101000000Z -enddate 20210102030405Z -extfile "$1.ext"
  rm -f past.* 01.pem
}

authority ca
authority other-ca
certificate one ca
certificate two ca
certificate stranger other-ca
alone alone
past expired
# An authority signs once: whoever wants more makes all anew.
rm -f ./*.csr ./*.ext ./*.srl ca.key other-ca.key
