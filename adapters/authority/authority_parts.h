// SPDX-License-Identifier: MIT
#pragma once

/// How the files of this module see an authority. Private to it.

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "authority.h"
#include "certificate_recipe.h"

enum { AUTHORITY_PEM_SIZE = 4096 };

/// A certificate with its key, as it lies in the folder.
struct authority_pair {
    X509 *certificate; ///< NULL: there is none.
    EVP_PKEY *key;     ///< NULL: it is not here.
};

struct authority {
    struct authority_options options; ///< The strings are not kept beyond opening.
    char folder[SECRET_FILE_PATH_SIZE];
    char organisation[CERTIFICATE_NAME_SIZE];
    char crl_url[AUTHORITY_URL_SIZE]; ///< Empty: none.
    struct authority_pair part[AUTHORITY_PART_COUNT];
    char pem[AUTHORITY_PART_COUNT][CERTIFICATE_PEM_LIMIT];
    X509_STORE *clients; ///< Trusts the intermediate for devices alone.
    struct certificate_authority table;
    char warning[AUTHORITY_REASON_SIZE];
};

/// Says why, and passes the status on.
__attribute__((format(printf, 3, 4))) enum status
authority_refuse(char reason[AUTHORITY_REASON_SIZE], enum status status, const char *format, ...);

/// Reads a key and a certificate of the folder; what is missing stays NULL.
///
/// @return STATUS_INVALID  they do not fit together, or the key is readable by others.
MUST_CHECK enum status authority_load(const struct authority *authority, const char *name,
                                      const char *certificate_file, const char *key_file,
                                      struct authority_pair *pair,
                                      char reason[AUTHORITY_REASON_SIZE]);

/// Makes the key unless it is there, and writes it.
MUST_CHECK enum status authority_need_key(const struct authority *authority, const char *key_file,
                                          struct authority_pair *pair,
                                          char reason[AUTHORITY_REASON_SIZE]);

/// Makes a certificate, writes it with the chain behind it (NULL: none), and puts it in the pair.
MUST_CHECK enum status authority_certify(const struct authority *authority,
                                         const char *certificate_file,
                                         const struct certificate_recipe *recipe, const char *chain,
                                         struct authority_pair *pair,
                                         char reason[AUTHORITY_REASON_SIZE]);

/// Makes and renews the certificates of the servers and of ohmd.
MUST_CHECK enum status authority_need_servers(struct authority *authority,
                                              char reason[AUTHORITY_REASON_SIZE]);

/// The folders of authority_need_servers(), ended by NULL.
extern const char *const authority_server_folders[];

void authority_clear(struct authority_pair *pair);

/// Fills in the table.
void authority_fill(struct authority *authority);

/// Writes a certificate as PEM.
MUST_CHECK enum status authority_write_pem(X509 *certificate, char *out, size_t capacity);
