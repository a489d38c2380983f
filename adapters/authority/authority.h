// SPDX-License-Identifier: MIT
#pragma once

/// The certificate authority of one installation, in a folder, with OpenSSL.
///
///   root.pem  root_key.pem        the root; its key may be taken away
///   devices.pem  devices_key.pem  signs devices and ohmd as clients; may name no host (RFC 5280,
///                                 4.2.1.10), so nothing under it can pass for a server
///   servers.pem  servers_key.pem  signs servers; nothing under it can pass for a client
///   trust.pem                     all three certificates
///   broker/ https/ devices_api/   a server certificate each: cert.pem (with its chain), key.pem
///   ohmd/                         the certificate with which ohmd goes to the broker
///
/// Keys are P-256, in files that the owner alone can read. Every file is there whole or not at all;
/// a key is written before its certificate, so a folder that was cut short is completed at the next
/// opening. What cannot be a cut, such as an intermediate without its key, is refused: making it
/// anew would lock every device out.
///
/// An intermediate is renewed under its own key, so what it signed stays valid.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certificate_authority.h"
#include "secret_file.h"
#include "status.h"

enum { AUTHORITY_REASON_SIZE = 256, AUTHORITY_HOSTS_LIMIT = 16, AUTHORITY_URL_SIZE = 200 };

#define AUTHORITY_SERVER_NAME "ohmd" ///< The common name of the server's own client certificate.

enum {
    AUTHORITY_ROOT_DAYS = 9131,         ///< 25 years.
    AUTHORITY_INTERMEDIATE_DAYS = 3652, ///< 10 years; renewed in its last third.
    AUTHORITY_SERVER_DAYS = 397,        ///< Renewed in its last third, when the folder is opened.
};

struct authority_options {
    const char *folder;
    const char *organisation;                 ///< NULL: "Ohmstead".
    const char *hosts[AUTHORITY_HOSTS_LIMIT]; ///< More DNS names or addresses of the servers.
    size_t host_count;
    const char *crl_url; ///< For device certificates, http or https; NULL or empty: none.
    int64_t now_s;       ///< Unix UTC.
    bool renew;          ///< Sign the intermediates anew, whatever their age; needs the root's key.
    bool read_only;      ///< Make and renew nothing; what is missing is refused.
    const struct secret_file_probe *probe; ///< NULL but in tests.
};

struct authority;

/// Opens the folder; makes, completes and renews what is needed.
///
/// @return STATUS_INVALID  the folder is not what this can go on with;
///         STATUS_IO       disk or library failed.
///         Then `reason` is a sentence that says what is wrong and what to do.
MUST_CHECK enum status authority_open(const struct authority_options *options,
                                      struct authority **out, char reason[AUTHORITY_REASON_SIZE]);

/// Wipes the keys from memory. NULL is fine.
void authority_close(struct authority *authority);

/// What the rules of enrolment use; lives as long as the authority.
const struct certificate_authority *authority_table(const struct authority *authority);

/// What a person should do soon, as a sentence; NULL: nothing.
const char *authority_warning(const struct authority *authority);

/// Whether the root's key is in the folder.
bool authority_has_root_key(const struct authority *authority);

struct authority_line {
    const char *name;    ///< Such as "devices" or "broker".
    const char *subject; ///< In one line.
    int64_t not_after_s;
    bool has_key;
};

/// Tells every certificate of the folder.
void authority_list(const struct authority *authority,
                    void (*visit)(void *ctx, const struct authority_line *line), void *ctx);

/// Moves the root's key to a file, which is synced before the key leaves the folder. A file that
/// holds the same key already, from which it was brought back, stays as it is.
///
/// @return STATUS_MISSING  it is not here;  STATUS_BUSY  there is another file of that name;
///         STATUS_IO       nothing was lost: the key is in the folder still.
MUST_CHECK enum status authority_export_root(struct authority *authority, const char *to);
