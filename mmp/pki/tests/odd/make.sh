#!/bin/bash
# Makes certificates that are odd, and asks OpenSSL and GnuTLS about them. TEST KEYS AND CERTIFICATES: they vouch for
# nothing. Run in this folder; writes *.pem, *.der and answers.tsv. Needs openssl, gnutls-bin and faketime.
#
# A line of answers.tsv: name, file, bundle, OpenSSL's verdict, GnuTLS's verdict, serial number, first and last second
# (as openssl prints them). The verdicts are those at 2027-01-01 00:00:00 UTC: OK, or the peer's reason.
set -eu
export LC_ALL=C TZ=UTC
at=1798761600
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
rm -f ./*.pem ./*.der answers.tsv
server='keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth,clientAuth'
ca='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign'

key() { # NAME ARGUMENTS... of genpkey
  local name=$1; shift
  openssl genpkey -quiet -out "$work/$name.key" "$@" 2>/dev/null || openssl genpkey -out "$work/$name.key" "$@" 2>/dev/null
}
# One RSA key for all that need none of their own.
key common -algorithm RSA -pkeyopt rsa_keygen_bits:2048

issue() { # NAME SUBJECT EXTENSIONS ISSUER [KEY [ARGUMENTS... of x509]]; ISSUER self: by its own key
  local name=$1 subject=$2 extensions=$3 issuer=$4 key=${5:-common}; shift $(( $# < 5 ? $# : 5 ))
  local days=(-days 3650); [[ " $* " == *" -days "* ]] && days=()
  openssl req -new -utf8 -multivalue-rdn -key "$work/$key.key" -subj "$subject" -out "$work/$name.csr" -config /dev/stdin <<<$'[req]\ndistinguished_name=dn\nstring_mask=utf8only\n[dn]'
  printf '%s\n' "$extensions" >"$work/$name.ext"
  local by=(-signkey "$work/$key.key")
  [ "$issuer" = self ] || by=(-CA "$issuer.pem" -CAkey "$work/$(cat "$work/$issuer.keyname").key" -CAcreateserial -CAserial "$work/serial")
  [[ " $* " == *" -set_serial "* && $issuer != self ]] && by=(-CA "$issuer.pem" -CAkey "$work/$(cat "$work/$issuer.keyname").key")
  openssl x509 -req -in "$work/$name.csr" "${by[@]}" "${days[@]}" -extfile "$work/$name.ext" -out "$name.pem" "$@" 2>"$work/err" || { cat "$work/err"; exit 1; }
  echo "$key" >"$work/$name.keyname"
}
dated() { # NAME SUBJECT EXTENSIONS ISSUER FIRST LAST
  openssl req -new -utf8 -key "$work/common.key" -subj "$2" -out "$work/$1.csr"
  printf '[x]\n%s\n' "$3" >"$work/$1.ext"
  : >"$work/index"; openssl rand -hex 8 >"$work/number"
  cat >"$work/ca.cnf" <<EOF
[ca]
default_ca=d
[d]
database=$work/index
serial=$work/number
new_certs_dir=$work
policy=p
default_md=sha256
unique_subject=no
[p]
commonName=supplied
EOF
  openssl ca -batch -config "$work/ca.cnf" -in "$work/$1.csr" -cert "$4.pem" -keyfile "$work/$(cat "$work/$4.keyname").key" \
    -startdate "$5" -enddate "$6" -extfile "$work/$1.ext" -extensions x -notext -out "$1.pem" 2>"$work/err" || { cat "$work/err"; exit 1; }
  echo common >"$work/$1.keyname"
}
ask() { # NAME FILE BUNDLE
  local plain=$work/plain.pem bundle=$work/bundle.pem roots=$work/roots.pem verdict peer form=PEM
  [[ $2 == *.der ]] && form=DER
  openssl x509 -inform $form -in "$2" -out "$plain" 2>/dev/null
  cp "$3" "$bundle"
  # Roots are the self-signed ones of the bundle, as `pki verify` takes them.
  : >"$roots"
  csplit -sz -f "$work/part" "$bundle" '/-----BEGIN/' '{*}'
  for part in "$work"/part*; do
    if grep -q BEGIN "$part" && [ "$(openssl x509 -in "$part" -noout -subject_hash 2>/dev/null)" = "$(openssl x509 -in "$part" -noout -issuer_hash 2>/dev/null)" ]; then
      openssl x509 -in "$part" >>"$roots"
    fi
    rm "$part"
  done
  verdict=OK
  for purpose in sslserver sslclient; do
    if openssl verify -no-CApath -no-CAstore -attime $at -auth_level 2 -purpose $purpose -CAfile "$roots" -untrusted "$bundle" "$plain" >"$work/said" 2>&1; then verdict=OK; break
    else verdict=$(sed -n 's/^error [0-9]* at [0-9]* depth lookup: *//p' "$work/said" | head -1); verdict=${verdict:-refused}; fi
  done
  cat "$plain" "$bundle" >"$work/chain.pem"
  if faketime -f "2027-01-01 00:00:00" certtool --verify-profile medium --verify --load-ca-certificate "$roots" --infile "$work/chain.pem" >"$work/said" 2>&1; then peer=OK
  else peer=$(sed -n 's/.*Chain verification output: *//p' "$work/said" | tail -1); peer=${peer:-$(tail -1 "$work/said")}; fi
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$verdict" "$peer" \
    "$(openssl x509 -in "$plain" -noout -serial | cut -d= -f2)" \
    "$(openssl x509 -in "$plain" -noout -startdate | cut -d= -f2)" "$(openssl x509 -in "$plain" -noout -enddate | cut -d= -f2)" >>answers.tsv
}
san='subjectAltName=DNS:cms.example.com'
leaf() { # NAME [EXTENSIONS [ISSUER [KEY [ARGUMENTS]]]]
  local name=$1 extensions=${2:-"$server
$san"} issuer=${3:-middle} key=${4:-common}; shift $(( $# < 4 ? $# : 4 ))
  issue "$name" /CN=cms.example.com "$extensions" "$issuer" "$key" "$@"; ask "$name" "$name.pem" "$issuer-bundle.pem"
}

key root -algorithm RSA -pkeyopt rsa_keygen_bits:2048; key middle -algorithm RSA -pkeyopt rsa_keygen_bits:2048
issue root "/O=Test/CN=Test Root" "$ca" self root
issue middle "/O=Test/CN=Test Middle" "$ca" root middle
cat middle.pem root.pem >middle-bundle.pem; cp root.pem root-bundle.pem

leaf plain
leaf by-root "$server
$san" root
for curve in P-256 P-384 P-521; do key $curve -algorithm EC -pkeyopt ec_paramgen_curve:$curve -pkeyopt ec_param_enc:named_curve; leaf "ec-$curve" "$server
$san" middle $curve; done
key ed -algorithm ED25519; leaf ed25519-key "$server
$san" middle ed
key rsa4096 -algorithm RSA -pkeyopt rsa_keygen_bits:4096; leaf rsa-4096 "$server
$san" middle rsa4096
key rsa1024 -algorithm RSA -pkeyopt rsa_keygen_bits:1024; leaf rsa-1024 "$server
$san" middle rsa1024
issue weakca "/CN=Weak CA" "$ca" root rsa1024; cat weakca.pem root.pem >weakca-bundle.pem; leaf by-rsa-1024 "$server
$san" weakca
for algorithm in P-256 P-384 P-521 ed; do issue "ca-$algorithm" "/CN=CA $algorithm" "$ca" self $algorithm; cp "ca-$algorithm.pem" "ca-$algorithm-bundle.pem"; leaf "by-$algorithm" "$server
$san" "ca-$algorithm"; done
leaf rsa-pss "$server
$san" middle common -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1
leaf sha384 "$server
$san" middle common -sha384
leaf sha512 "$server
$san" middle common -sha512
leaf sha1 "$server
$san" middle common -sha1
leaf md5 "$server
$san" middle common -md5
leaf expired "$server
$san" middle common -days 1
dated not-yet /CN=cms.example.com "$server
$san" middle 20280101000000Z 20300101000000Z; ask not-yet not-yet.pem middle-bundle.pem
dated after-2050 /CN=cms.example.com "$server
$san" middle 20260101000000Z 20550601120000Z; ask after-2050 after-2050.pem middle-bundle.pem
dated no-end /CN=cms.example.com "$server
$san" middle 20260101000000Z 99991231235959Z; ask no-end no-end.pem middle-bundle.pem
dated ends-now /CN=cms.example.com "$server
$san" middle 20260101000000Z 20270101000000Z; ask ends-now ends-now.pem middle-bundle.pem
leaf negative-serial "$server
$san" middle common -set_serial -5
leaf zero-serial "$server
$san" middle common -set_serial 0
leaf long-serial "$server
$san" middle common -set_serial 0x7fffffffffffffffffffffffffffffffffffffff
# Encodings.
openssl x509 -in plain.pem -outform DER -out encoded.der; ask der encoded.der middle-bundle.pem
sed 's/$/\r/' plain.pem >crlf.pem; ask crlf crlf.pem middle-bundle.pem
{ printf '\xef\xbb\xbf'; cat plain.pem; } >bom.pem; ask bom bom.pem middle-bundle.pem
{ echo "Bag Attributes: none"; echo "subject=something"; cat plain.pem; echo "end of file"; } >rubbish.pem; ask rubbish rubbish.pem middle-bundle.pem
{ cat root.pem; echo; echo "and now the other:"; cat middle.pem; } >wrong-order-bundle.pem; ask wrong-order plain.pem wrong-order-bundle.pem
# Paths.
ask missing-middle plain.pem root-bundle.pem
key other -algorithm RSA -pkeyopt rsa_keygen_bits:2048
issue namesake "/O=Test/CN=Test Middle" "$ca" root other; cat namesake.pem root.pem >namesake-bundle.pem; ask namesake plain.pem namesake-bundle.pem
cat namesake.pem middle.pem root.pem >both-bundle.pem; ask namesake-and-right-one plain.pem both-bundle.pem
issue oldmiddle "/CN=Old Middle" "$ca" root middle -days 1; cat oldmiddle.pem root.pem >oldmiddle-bundle.pem; leaf expired-middle "$server
$san" oldmiddle
issue noca "/CN=No CA" "$server" root middle; cat noca.pem root.pem >noca-bundle.pem; leaf by-no-authority "$server
$san" noca
issue falseca "/CN=False CA" "basicConstraints=critical,CA:FALSE
$server" root middle; cat falseca.pem root.pem >falseca-bundle.pem; leaf by-ca-false "$server
$san" falseca
issue nosign "/CN=No Sign" "basicConstraints=critical,CA:TRUE
keyUsage=critical,digitalSignature" root middle; cat nosign.pem root.pem >nosign-bundle.pem; leaf by-no-cert-sign "$server
$san" nosign
issue short "/CN=Short" "basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign" root middle; cat short.pem root.pem >short-bundle.pem; leaf path-length-kept "$server
$san" short
issue below "/CN=Below" "$ca" short other; cat below.pem short.pem root.pem >below-bundle.pem; leaf path-length-exceeded "$server
$san" below
# Usages.
leaf code-signing "extendedKeyUsage=codeSigning
$san"
leaf client-only "extendedKeyUsage=clientAuth
$san"
leaf any-usage "extendedKeyUsage=anyExtendedKeyUsage,serverAuth
$san"
leaf no-usage "$san"
# Names.
issue bound "/CN=Bound" "$ca
nameConstraints=critical,permitted;DNS:example.com,permitted;IP:192.0.2.0/255.255.255.0" root middle; cat bound.pem root.pem >bound-bundle.pem
leaf constraint-kept "$server
subjectAltName=DNS:cms.example.com,IP:192.0.2.7" bound
leaf constraint-broken "$server
subjectAltName=DNS:cms.example.net" bound
leaf constraint-broken-ip "$server
subjectAltName=DNS:cms.example.com,IP:198.51.100.1" bound
issue excluding "/CN=Excluding" "$ca
nameConstraints=critical,excluded;DNS:secret.example.com" root middle; cat excluding.pem root.pem >excluding-bundle.pem
leaf excluded "$server
subjectAltName=DNS:a.secret.example.com" excluding
leaf not-excluded "$server
subjectAltName=DNS:secret.example.org" excluding
names=$(seq -f 'DNS:host%g.example.com' -s, 1000); leaf thousand-names "$server
subjectAltName=$names"
leaf wildcard "$server
subjectAltName=DNS:*.example.com"
odd() { issue "$1" "$2" "$server
$san" middle common; ask "$1" "$1.pem" middle-bundle.pem; }
odd utf8 '/C=DE/L=Köln/O=Größe & Söhne/CN=東京.example.com'
odd escapes $'/O=\e[2J\e]0;owned\a/CN=a\nb.example.com\xe2\x80\xae'
odd commas '/O=Example, Ltd/OU=a=b\\+c/CN=cms.example.com'
issue empty-subject / "$server
subjectAltName=critical,DNS:cms.example.com" middle; ask empty-subject empty-subject.pem middle-bundle.pem
# Extensions.
leaf unknown-critical "$server
$san
1.2.3.4.5=critical,DER:0500"
leaf unknown "$server
$san
1.2.3.4.5=DER:0500"
# Self-signed.
issue alone /CN=cms.example.com "$server
$san" self; cp alone.pem alone-bundle.pem; ask self-signed-trusted alone.pem alone-bundle.pem; ask self-signed-untrusted alone.pem root-bundle.pem
issue authority-alone /CN=cms.example.com "$ca
$san" self; cp authority-alone.pem authority-alone-bundle.pem; ask authority-as-server authority-alone.pem authority-alone-bundle.pem
openssl req -new -x509 -key "$work/root.key" -subj "/CN=V1 Root" -days 3650 -out "$work/v3.pem" >/dev/null 2>&1
openssl req -new -key "$work/other.key" -subj "/CN=V1 Root" -out "$work/v1.csr"; openssl x509 -req -in "$work/v1.csr" -signkey "$work/other.key" -days 3650 -out v1root.pem 2>/dev/null; echo other >"$work/v1root.keyname"; cp v1root.pem v1root-bundle.pem
leaf by-v1-root "$server
$san" v1root
# A byte of the signature.
openssl x509 -in plain.pem -outform DER -out "$work/d"; python3 - "$work/d" <<'EOF'
import sys
data = bytearray(open(sys.argv[1], "rb").read()); data[-9] ^= 1; open(sys.argv[1], "wb").write(data)
EOF
openssl x509 -inform DER -in "$work/d" -out broken-signature.pem; ask broken-signature broken-signature.pem middle-bundle.pem
# Other kinds of files.
openssl crl2pkcs7 -nocrl -certfile middle-bundle.pem -out chain-p7b.pem
openssl crl2pkcs7 -nocrl -certfile middle-bundle.pem -outform DER -out chain-p7b.der
openssl pkcs12 -export -inkey "$work/common.key" -in plain.pem -passout pass:test -out chain-p12.der
for scheme in "aes256:-v2 aes256" "des3:-v2 des3" "scrypt:-scrypt"; do openssl pkcs8 -topk8 -in "$work/P-256.key" ${scheme#*:} -passout pass:test -out "locked-${scheme%%:*}.pem"; done
openssl rsa -in "$work/common.key" -traditional -aes128 -passout pass:test -out locked-old.pem 2>/dev/null
openssl ecparam -name prime256v1 -genkey -out ec-with-parameters.pem 2>/dev/null
wc -l answers.tsv
