// SPDX-License-Identifier: MIT
#pragma once

/// For the test beside it: an authority with its certificates, made on the spot, and a TLS server
/// on a free port of the loopback that answers one connection after the other as it was told.

#include <openssl/types.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { TLS_STAGE_TEXT = 32768 };

struct tls_stage_identity {
    X509 *certificate;
    EVP_PKEY *key;
};

/// How the server behaves.
struct tls_stage_play {
    const struct tls_stage_identity *identity;
    const char *answer; ///< All of it, head and body.
    size_t answer_size;
    bool wants_certificate;
    bool cuts;   ///< Drops the connection after the answer, without a farewell.
    bool silent; ///< Takes the request and never answers.
};

struct tls_stage {
    struct tls_stage_identity authority;
    struct tls_stage_identity stranger; ///< Another authority.
    char folder[64];
    char ca[96]; ///< The authority's certificate in PEM.
    int listener;
    int port;
    pthread_t thread;
    atomic_bool stop;
    struct tls_stage_play play; ///< Set it only while no connection is open.
    char request[TLS_STAGE_TEXT];
    char client_name[64]; ///< The common name that the client showed, or "".
    atomic_uint connections;
    atomic_uint answered;
};

/// Makes a certificate for `name`, in the common name and, as DNS name or address, as a subject
/// alternative name; valid from `from_s` to `until_s` seconds from now.
struct tls_stage_identity tls_stage_issue(const struct tls_stage_identity *issuer, const char *name,
                                          long from_s, long until_s);

void tls_stage_drop(struct tls_stage_identity *identity);

/// Makes the authorities and starts the server.
void tls_stage_open(struct tls_stage *stage);

void tls_stage_close(struct tls_stage *stage);
