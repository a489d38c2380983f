// SPDX-License-Identifier: MIT
#pragma once

/// The HTTP edge of the fleet server: REST under /v1, the live stream, /healthz and the dashboard's
/// files, over HTTPS and, for browsers on the same machine, over plain HTTP on 127.0.0.1.
///
/// Event loops read and write sockets only; whatever may wait for a disk or a password hash runs in
/// a small pool of workers, and a request that waits for a device holds no thread at all.
///
/// Devices have a listener of their own, so that no browser is ever asked for a certificate. It
/// serves enrolment and renewal, and nothing else.
///
/// Limits per request: 16 KiB of head, 100 header fields, 2 KiB of body (12 KiB for enrolment;
/// every body this interface knows is smaller). A request with Transfer-Encoding is refused, so is
/// one with two values where one is allowed: nobody in front of the server can understand it
/// differently.

#include <stdbool.h>
#include <stdint.h>

#include "accounts.h"
#include "fleet.h"
#include "status.h"
#include "stream_hub.h"

enum { HTTP_SERVER_REASON_SIZE = 256 };

struct http_server_config {
    const char *address;                  ///< Of the HTTPS listener, numeric; NULL: 127.0.0.1.
    uint16_t https_port;                  ///< 0: any free one, see http_server_https_port().
    const char *certificate_file;         ///< PEM chain, leaf first; NULL: no HTTPS listener.
    const char *key_file;                 ///< PEM.
    struct identities *identities;        ///< NULL: this server enrols nobody.
    struct fleet_audit *audit;            ///< NULL: what strangers ask for is not recorded.
    const char *devices_address;          ///< Of the devices' HTTPS listener; NULL: 127.0.0.1.
    uint16_t devices_port;                ///< 0: any free one.
    const char *devices_certificate_file; ///< As certificate_file; NULL: no such listener.
    const char *devices_key_file;
    const char *devices_trust_file; ///< The authorities whose certificates devices are asked for.
    bool local;                     ///< Also listen with plain HTTP on 127.0.0.1.
    uint16_t local_port;            ///< 0: any free one.
    const char *dashboard_folder;   ///< Built files; NULL: none are served.
    const char *version;            ///< Shown by /v1/system.
    uint32_t request_burst;         ///< Requests an address may send at once; 0: 2000.
    uint32_t request_refill_ms;     ///< Time for one more; 0: 2 ms.
};

struct http_server;

/// Opens the listeners and starts serving. Fleet, accounts and hub must outlive the server; the
/// strings need not.
///
/// @return STATUS_INVALID  the configuration or a certificate cannot be used;
///         STATUS_BUSY     a port is in use;
///         STATUS_IO       anything else that the system refused.
///         Then `reason` is a sentence that names the cause.
MUST_CHECK enum status http_server_open(const struct http_server_config *config,
                                        const struct fleet *fleet, struct accounts *accounts,
                                        struct stream_hub *hub, struct http_server **out,
                                        char reason[HTTP_SERVER_REASON_SIZE]);

/// The ports in use; 0 when there is no such listener.
uint16_t http_server_https_port(const struct http_server *server);
uint16_t http_server_local_port(const struct http_server *server);
uint16_t http_server_devices_port(const struct http_server *server);

/// Ends the streams, answers what is under way and frees the server. Call it before the command
/// tracker is closed. NULL is fine.
void http_server_close(struct http_server *server);
