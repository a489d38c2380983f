// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "http_parts.h"

void http_peer_find(struct http_exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    unsigned count = 0;
    const gnutls_datum_t *chain =
        info != NULL ? gnutls_certificate_get_peers(info->tls_session, &count) : NULL;
    if (chain == NULL || count == 0 || chain[0].size == 0) {
        return;
    }
    // The chain is not looked at: the rules verify the leaf against what they signed themselves.
    exchange->peer = malloc(chain[0].size);
    if (exchange->peer != NULL) {
        memcpy(exchange->peer, chain[0].data, chain[0].size);
        exchange->request.peer = exchange->peer;
        exchange->request.peer_size = chain[0].size;
    }
}
