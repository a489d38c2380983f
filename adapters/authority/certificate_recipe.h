// SPDX-License-Identifier: MIT
#pragma once

/// Makes one X.509 certificate (RFC 5280) with OpenSSL. Private to this module.

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "certificate_authority.h"

/// An extension as OpenSSL's configuration writes it (x509v3_config).
struct certificate_extension {
    int nid;
    const char *value;
};

struct certificate_recipe {
    const char *organisation;
    const char *common_name;
    EVP_PKEY *key;
    X509 *issuer;          ///< NULL: signed by itself.
    EVP_PKEY *issuer_key;  ///< The key itself when there is no issuer.
    const uint8_t *serial; ///< CERTIFICATE_SERIAL_SIZE bytes; NULL: random ones.
    int64_t not_before_s;
    int64_t not_after_s;
    const struct certificate_extension *extensions;
    size_t extension_count;
    bool names_no_host; ///< Nothing below it may carry a DNS name or an address.
};

/// @return NULL  the library failed.
X509 *certificate_make(const struct certificate_recipe *recipe);

/// A new key on P-256. @return NULL  the library failed.
EVP_PKEY *certificate_make_key(void);

/// The end of a certificate in Unix seconds; 0: it cannot be read.
int64_t certificate_end(const X509 *certificate);

/// Its begin, in the same way.
int64_t certificate_begin(const X509 *certificate);
